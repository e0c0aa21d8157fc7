"use strict";
// All is read and printed without this. It adds: copying a line, lighting up the uses of a name,
// opening all reasons, and no stop of the Tab key at a box in which nothing is hidden.
(() => {
  const all = (query, root = document) => [...root.querySelectorAll(query)];
  const main = document.querySelector("main");
  const words = main.dataset;

  const button = (label, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = label;
    made.addEventListener("click", () => act(made));
    return made;
  };

  // Copying: the LaTeX of a line is that of its formulas, one after the other.
  const told = document.createElement("p");
  told.className = "told";
  told.setAttribute("role", "status");
  main.append(told);
  const tell = (text) => {
    told.textContent = text;
    setTimeout(() => { told.textContent = ""; }, 1500);
  };
  const marked = (text) => { // where the page has no clipboard, as in a frame
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  };
  const copied = (text) => {
    const sent = navigator.clipboard?.writeText(text) ?? Promise.reject();
    sent.then(() => true, () => marked(text)).then((done) => tell(done ? words.copied : text));
  };
  const latex = (line) =>
    all("annotation", line)
      .filter((found) => found.closest(".note") === null)
      .map((found) => found.textContent)
      .join(" ");
  for (const line of all("main [data-text]")) {
    const buttons = document.createElement(line.matches("tr") ? "td" : "span");
    buttons.className = "copy";
    if (line.querySelector("annotation"))
      buttons.append(button("LaTeX", () => copied(latex(line))));
    buttons.append(button(words.text, () => copied(line.dataset.text)));
    line.append(buttons);
  }

  // A name under the pointer or in focus: all its uses.
  const light = (event) => {
    const found = event.target.closest("[data-name], li:has([data-name])");
    const named = found?.matches("li") ? found.querySelector("[data-name]") : found;
    const name = named?.getAttribute("data-name") ?? null;
    for (const element of all("[data-name]"))
      element.classList.toggle("lit", element.getAttribute("data-name") === name);
  };
  document.addEventListener("pointerover", light);
  document.addEventListener("focusin", light);

  // Reasons: all of them at once, and on paper.
  const reasons = all(".why details");
  if (reasons.length) {
    const fold = (pressed) => {
      const open = reasons.some((reason) => reason.open === false);
      for (const reason of reasons) reason.open = open;
      pressed.setAttribute("aria-pressed", open);
    };
    const every = button(words.reasons, fold);
    every.className = "every";
    every.setAttribute("aria-pressed", false);
    main.querySelector("h1").after(every);
  }
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = all("details:not([open])");
    for (const folded of closed) folded.open = true;
  });
  addEventListener("afterprint", () => {
    for (const folded of closed) folded.open = false;
  });

  const hides = (box) => box.scrollWidth > box.clientWidth;
  const sizes = new ResizeObserver((changed) => {
    for (const { target } of changed) target.tabIndex = hides(target) ? 0 : -1;
  });
  for (const box of all(".scroll")) sizes.observe(box);
})();
