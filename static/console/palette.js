/* The palette (Ctrl+K): the focus stays in the combobox, and the arrow keys choose one of the links below it. */
(() => {
  "use strict";
  const PAUSE_MS = 150;

  const start = (palette) => {
    const term = palette.querySelector("#palette-term");
    const hits = palette.querySelector("#palette-hits");
    const count = palette.querySelector("#palette-count");
    let chosen = -1;
    let pause = 0;
    let search = new AbortController();
    // After an input, the hits are those of the previous term until the new ones are shown; an Enter meanwhile waits.
    let isStale = false;
    let waiting = null;

    const choose = (index) => {
      hits.children[chosen]?.setAttribute("aria-selected", "false");
      chosen = index;
      const hit = hits.children[chosen];
      if (hit) {
        hit.setAttribute("aria-selected", "true");
        hit.scrollIntoView({ block: "nearest" });
        term.setAttribute("aria-activedescendant", hit.id);
      } else {
        term.removeAttribute("aria-activedescendant");
      }
    };

    const show = (links, text) => {
      choose(-1);
      hits.replaceChildren(...links);
      hits.hidden = links.length === 0;
      term.setAttribute("aria-expanded", String(links.length > 0));
      count.textContent = text;
      isStale = false;
      const event = waiting;
      waiting = null;
      if (event) follow(event);
    };

    const find = async () => {
      clearTimeout(pause);
      search.abort();
      search = new AbortController();
      const { signal } = search;
      const query = new URLSearchParams({ s: term.value, extended: "1" });
      try {
        const response = await fetch(`${palette.dataset.search}?${query}`, { signal });
        if (!response.ok || response.redirected) throw new Error(response.statusText);
        const shown = new DOMParser().parseFromString(await response.text(), "text/html");
        if (signal.aborted) return;
        show([...shown.querySelectorAll("[role=option]")], shown.querySelector("[data-count]")?.textContent ?? "");
      } catch (error) {
        if (!signal.aborted) show([], palette.dataset.failed);
      }
    };

    const forget = () => {
      clearTimeout(pause);
      search.abort();
      waiting = null;
    };

    const open = () => {
      if (palette.open) return;
      term.value = "";
      show([], "");
      palette.showModal();
      term.focus();
    };

    const follow = (event) => {
      const hit = hits.children[Math.max(chosen, 0)];
      if (!hit) return;
      if (event.ctrlKey || event.metaKey) window.open(hit.href, "_blank");
      else location.assign(hit.href);
    };

    const enter = (event) => {
      if (!isStale) return follow(event);
      waiting = event;
      find();
    };

    const step = (by) => {
      if (isStale) return;
      const length = hits.children.length;
      if (length) choose(chosen < 0 && by < 0 ? length - 1 : (chosen + by + length) % length);
    };

    term.addEventListener("input", () => {
      forget();
      isStale = true;
      pause = setTimeout(find, PAUSE_MS);
    });
    term.addEventListener("keydown", (event) => {
      const actions = { ArrowDown: () => step(1), ArrowUp: () => step(-1), Enter: () => enter(event) };
      if (event.isComposing || !actions[event.key]) return;
      event.preventDefault();
      actions[event.key]();
    });
    palette.addEventListener("close", forget);
    for (const button of document.querySelectorAll("[data-open-palette]")) button.addEventListener("click", open);
    document.addEventListener("keydown", (event) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      open();
    });
  };

  document.addEventListener("DOMContentLoaded", () => {
    const palette = document.querySelector("#palette");
    if (palette) start(palette);
  });
})();
