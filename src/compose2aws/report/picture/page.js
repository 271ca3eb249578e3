"use strict";
// Without this script the services lead to their decisions further down; with it these are shown beside the picture.
(() => {
  const panel = document.getElementById("panel");
  const chosen = document.getElementById("chosen");
  const sheet = document.querySelector(".sheet");
  let last = null;

  const clear = () => {
    for (const kind of ["chosen", "chosen-line", "unchosen-line"]) {
      for (const one of sheet.querySelectorAll("." + kind)) one.classList.remove(kind);
    }
  };

  const mark = (link) => {
    clear();
    link.classList.add("chosen");
    const box = link.closest("[data-box]").dataset.box;
    for (const line of sheet.querySelectorAll("[data-source]")) {
      const own = line.dataset.source === box || line.dataset.target === box;
      line.classList.add(own ? "chosen-line" : "unchosen-line");
    }
  };

  const show = (link) => {
    const decided = document.getElementById("decisions-" + link.dataset.anchor);
    if (!decided) return false;
    chosen.replaceChildren(...[...decided.childNodes].map((node) => node.cloneNode(true)));
    panel.setAttribute("aria-label", "Decisions on " + decided.querySelector("h3").textContent);
    if (!panel.open) panel.show();
    document.body.classList.add("with-panel");
    panel.scrollTop = 0;
    mark(link);
    last = link;
    link.scrollIntoView({ block: "nearest", inline: "center" });
    chosen.focus({ preventScroll: true });
    return true;
  };

  const close = () => {
    if (!panel.open) return;
    panel.close();
    document.body.classList.remove("with-panel");
    clear();
    if (last) last.focus();
  };

  const fit = document.getElementById("fit");
  fit.hidden = sheet.scrollWidth <= sheet.clientWidth;
  fit.addEventListener("click", () => {
    fit.setAttribute("aria-pressed", String(sheet.classList.toggle("fitted")));
  });

  sheet.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-anchor]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (show(link)) event.preventDefault();
  });
  document.getElementById("close").addEventListener("click", close);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
})();
