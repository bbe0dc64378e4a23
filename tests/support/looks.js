/* What looks.py asserts of a loaded page, as sentences about its faults. */
({
  structure: () => {
    const faults = [];
    const count = (selector) => document.querySelectorAll(selector).length;
    for (const tag of ["h1", "main"]) if (count(tag) !== 1) faults.push(`${count(tag)} elements ${tag}`);
    if (!document.querySelector("h1")?.textContent.trim()) faults.push("an empty h1");
    const home = document.querySelector(".console-brand-name a");
    const first = document.querySelector("a, button, input");
    if (home && first.className !== "console-skip") faults.push("no skip link");
    if (home && home.pathname !== location.pathname && !count(".console-breadcrumbs a")) faults.push("no breadcrumbs");
    if (!home && !count("main a[href]") && !count("main button")) faults.push("no way out");
    for (const icon of document.querySelectorAll(".material-symbols-outlined")) {
      if (!icon.closest("[aria-hidden=true]")) faults.push(`an icon that is read: ${icon.textContent.trim()}`);
    }
    const raw = /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.+]\d|\b(?:None|True|False|NaN|undefined)\b|(?:Decimal|datetime\.\w+)\(|\{\}|\[\]|<\w+[: ].*>|\{'.*/g;
    let text = document.querySelector("main")?.innerText ?? "";
    for (const json of document.querySelectorAll("main pre")) text = text.replace(json.innerText, "");
    for (const [value] of text.matchAll(raw)) {
      faults.push(`a raw value: ${value.slice(0, 60)}`);
    }
    return faults;
  },

  layout: () => {
    const faults = [];
    const width = document.documentElement.scrollWidth;
    if (width > innerWidth) {
      const isWide = (node) => node.getBoundingClientRect().right > innerWidth + 1;
      const wide = [...document.querySelectorAll("body *")].find(isWide);
      faults.push(`${width} pixels wide: ${wide?.outerHTML.slice(0, 120)}`);
    }
    const texts = document.createTreeWalker(document.querySelector("main") ?? document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const text = texts.currentNode;
      if (!/^\s*[-−]?\d[\d,.]*\s[A-Z]{3}\s*$/.test(text.data)) continue;
      const range = document.createRange();
      range.selectNodeContents(text);
      const tops = new Set([...range.getClientRects()].map((box) => box.top));
      if (tops.size > 1) faults.push(`an amount in two lines: ${text.data.trim()}`);
    }
    return faults;
  },
})
