/* What the pages need beyond HTML: the entry form's lines and totals, and names for what Unfold leaves unnamed. */
(() => {
  "use strict";

  // As the server parses amounts: a point for decimals, no grouping. Anything else has no total.
  const amount = (text) => (/^[0-9]+(\.[0-9]+)?$/.test(text.trim() || "0") ? Number(text) : Number.NaN);

  const places = { minimumFractionDigits: 2, maximumFractionDigits: 3 };
  const shownAmount = (value, options) => (Number.isNaN(value) ? "—" : value.toLocaleString("en", options));
  const rounded = (value) => Math.round(value * 1000) / 1000;

  // By currency, since amounts of two currencies never balance each other. Shown only: the ledger computes with exact decimals.
  const totalsOf = (form) => {
    const totals = new Map();
    for (const row of form.querySelector("[data-lines]").rows) {
      const value = (part) => row.querySelector(part).value;
      const line = { debit: amount(value("[data-side=debit]")), credit: amount(value("[data-side=credit]")) };
      if (line.debit === 0 && line.credit === 0) continue;
      const code = value("[name$=-currency]").trim();
      const total = totals.get(code) ?? { debit: 0, credit: 0 };
      totals.set(code, { debit: total.debit + line.debit, credit: total.credit + line.credit });
    }
    return totals;
  };

  const showTotals = (form) => {
    const totals = [...totalsOf(form)];
    for (const side of ["debit", "credit"]) {
      const lines = totals.map(([code, total]) => `${shownAmount(total[side], places)} ${code}`.trim());
      const parts = (lines.length ? lines : ["0.00"]).map((line) => Object.assign(document.createElement("div"), { textContent: line }));
      form.querySelector(`[data-total="${side}"]`).replaceChildren(...parts);
    }
    const differences = totals.map(([code, total]) => [code, rounded(total.debit - total.credit)]).filter(([, difference]) => difference !== 0);
    const result = form.querySelector("[data-difference]");
    const text = differences.map(([code, difference]) => `${shownAmount(Math.abs(difference))} ${code}`.trim()).join(", ");
    result.textContent = text ? result.dataset.outBy.replace("{amount}", text) : result.dataset.balanced;
  };

  const addLine = (form) => {
    const lines = form.querySelector("[data-lines]");
    const total = form.querySelector("[name$=-TOTAL_FORMS]");
    const row = lines.rows[lines.rows.length - 1].cloneNode(true);
    for (const error of row.querySelectorAll("[data-error]")) error.remove();
    for (const input of row.querySelectorAll("input")) {
      input.removeAttribute("aria-invalid");
      input.removeAttribute("aria-describedby");
      input.name = input.name.replace(/-\d+-/, `-${total.value}-`);
      input.setAttribute("aria-label", input.getAttribute("aria-label").replace(/\d+$/, Number(total.value) + 1));
      if (!input.name.endsWith("currency")) input.value = "";
    }
    total.value = Number(total.value) + 1;
    lines.append(row);
    row.querySelector("input").focus();
  };

  // A part with data-refresh="seconds" is fetched again in that interval, unless the page is hidden or the focus is inside
  // the part. It ends when the fetched part carries no interval.
  const refresh = async (part) => {
    if (document.hidden || part.contains(document.activeElement)) return part;
    const response = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!response.ok || response.redirected) return part;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html").getElementById(part.id);
    if (fresh) part.replaceWith(fresh);
    nameParts();
    return fresh || part;
  };
  const scheduleRefresh = (part) => {
    const seconds = Number(part.dataset.refresh);
    if (seconds) setTimeout(async () => scheduleRefresh(await refresh(part).catch(() => part)), seconds * 1000);
  };

  // Minutes left of a support session; at its end the page reloads, and the server ends the session.
  const countDown = (shown) => {
    const left = Math.ceil((Date.parse(shown.dataset.minutesUntil) - Date.now()) / 60000);
    shown.textContent = Math.max(0, left);
    if (left <= 0) location.reload();
    else setTimeout(countDown, 10000, shown);
  };

  // A slider writes its value into the field beside it. When it is released, the page's preview for that value is shown.
  const slide = (slider) => {
    const form = slider.form;
    const field = form.querySelector("[data-slid]");
    slider.addEventListener("input", () => { field.value = String(Math.round(Number(slider.value) * 10) / 10); });
    field.addEventListener("input", () => { slider.value = field.value; });
    slider.addEventListener("change", async () => {
      const body = new FormData(form);
      body.append("preview", "");
      const response = await fetch(location.href, { method: "POST", body, headers: { accept: "text/html" } });
      if (!response.ok) return;
      const fresh = new DOMParser().parseFromString(await response.text(), "text/html").querySelector(".console-facts");
      if (fresh) document.querySelector(".console-facts").replaceWith(fresh);
    });
  };

  // On a narrow screen a row is a card, in which the column's heading precedes each value (frame.css).
  const labelCells = (table) => {
    if (table.tHead?.rows.length !== 1 || table.matches(".console-calendar")) return;
    const labels = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
    for (const row of [...table.tBodies, table.tFoot].flatMap((part) => [...(part?.rows ?? [])])) {
      let column = 0;
      for (const cell of row.cells) {
        if (cell.colSpan === 1) cell.dataset.label = labels[column] ?? "";
        column += cell.colSpan;
      }
    }
    table.classList.add("console-cards");
  };

  // What Unfold's templates leave unnamed: icons are read as words, and all its scroll containers have one name.
  const nameParts = () => {
    document.querySelectorAll(".console-table").forEach(labelCells);
    for (const icon of document.querySelectorAll(".material-symbols-outlined")) icon.setAttribute("aria-hidden", "true");
    for (const list of document.querySelectorAll("ul.object-tools")) list.setAttribute("role", "presentation");
  };

  // Unfold's tables that scroll are regions, all of the same name, and are made later than the page.
  const nameRegions = () => {
    for (const region of document.querySelectorAll(".simplebar-content-wrapper:not([data-named])")) {
      region.dataset.named = "";
      const number = document.querySelectorAll("[data-named]").length;
      if (number > 1) region.setAttribute("aria-label", `${region.getAttribute("aria-label")} ${number}`);
    }
  };

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-minutes-until]").forEach(countDown);
    document.querySelectorAll("[data-refresh]").forEach(scheduleRefresh);
    // Unfold shows the file's name in a text field of its own widget, which a plain file input does not have.
    for (const input of document.querySelectorAll("input.console-input[type=file]")) input.hasChangeListener = true;
    const form = document.querySelector("#new-entry");
    if (form) {
      form.addEventListener("input", () => showTotals(form));
      form.querySelector("[data-add-line]").addEventListener("click", () => addLine(form));
      showTotals(form);
    }
    for (const link of document.querySelectorAll("[data-back]")) {
      link.addEventListener("click", (event) => {
        if (document.referrer.startsWith(location.origin)) {
          event.preventDefault();
          history.back();
        }
      });
    }
    for (const button of document.querySelectorAll("[data-open-dialog]")) {
      button.addEventListener("click", () => document.getElementById(button.dataset.openDialog).showModal());
    }
    for (const dialog of document.querySelectorAll("dialog")) {
      dialog.addEventListener("click", (event) => {
        if (event.target === dialog || event.target.closest("[data-close-dialog]")) dialog.close();
      });
    }
    document.querySelectorAll("[data-slider]").forEach(slide);
    nameParts();
    nameRegions();
    new MutationObserver(nameRegions).observe(document.body, { childList: true, subtree: true });
    const showHint = () => {
      for (const part of document.querySelectorAll(".console-scroll")) part.toggleAttribute("data-scrolls", part.scrollWidth > part.clientWidth);
    };
    new ResizeObserver(showHint).observe(document.body);
  });
})();
