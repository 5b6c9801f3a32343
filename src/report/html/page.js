"use strict";
// The page is complete without this. It adds the search, the buttons that open all files, and those that copy a command.
(() => {
  const finder = document.getElementById("finder");
  const rows = [...document.querySelectorAll("[data-find]")];
  const texts = [];
  const parts = [...document.querySelectorAll("[data-list]")];
  const status = document.getElementById("found");
  const words = document.getElementById("words");
  const files = rows.filter((row) => row.dataset.find === "file").length;
  const number = (count) => count.toLocaleString("en");
  const noun = finder ? finder.dataset.noun : "";

  const find = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = finder.querySelector("input[type=radio]:checked");
    const kind = chosen ? chosen.value : "all";
    const inert = wanted.length === 0 && kind === "all";
    let shown = 0;
    let others = 0;
    rows.forEach((row, at) => {
      const file = row.dataset.find === "file";
      let fits = !file || kind === "all" || row.dataset.state === kind;
      if (fits && wanted.length > 0) {
        texts[at] ??= row.textContent.toLowerCase();
        fits = wanted.every((word) => texts[at].includes(word));
      }
      if (row.hidden === fits) row.hidden = !fits;
      if (fits && file) shown += 1;
      if (fits && !file) others += 1;
    });
    for (const part of parts) {
      const none = part.querySelector("[data-find]:not([hidden])") === null;
      const said = document.getElementById(part.dataset.list);
      if (said) said.hidden = !none;
    }
    const also = wanted.length > 0 ? `, and ${number(others)} other entries` : "";
    status.textContent = inert ? `${number(files)} ${noun}` : `${number(shown)} of ${number(files)} ${noun}${also}`;
  };
  let waiting = 0;
  const soon = () => {
    if (waiting === 0) waiting = requestAnimationFrame(() => { waiting = 0; find(); });
  };

  const button = (says) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = says;
    return made;
  };

  if (finder) {
    finder.hidden = false;
    finder.addEventListener("input", soon);
    finder.addEventListener("change", soon);
    finder.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { words.value = ""; soon(); }
    });
    soon();
  }
  for (const list of document.querySelectorAll("ul.rows")) {
    const all = button("Open all");
    all.setAttribute("aria-label", `Open all ${list.dataset.what || "entries"}`);
    let open = false;
    all.addEventListener("click", () => {
      open = !open;
      for (const row of list.querySelectorAll(":scope > li:not([hidden]) > details")) row.open = open;
      all.textContent = open ? "Close all" : "Open all";
      all.setAttribute("aria-label", `${all.textContent} ${list.dataset.what || "entries"}`);
    });
    list.before(all);
  }
  for (const command of document.querySelectorAll(".command")) {
    const code = command.querySelector("code");
    const copy = button("Copy");
    const said = document.createElement("span");
    said.className = "small soft";
    said.setAttribute("role", "status");
    copy.addEventListener("click", async () => {
      let done = true;
      try {
        await navigator.clipboard.writeText(code.textContent);
      } catch {
        const range = document.createRange();
        range.selectNodeContents(code);
        const selection = getSelection();
        selection.removeAllRanges();
        selection.addRange(range);
        done = document.execCommand("copy");
      }
      said.textContent = done ? "Copied." : "The command is selected: copy it with your keyboard.";
    });
    command.querySelector("pre").after(copy);
    command.append(said);
  }
})();
