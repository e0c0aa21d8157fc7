// The page: what is typed is read by the server, its derivation shown beside it. The whole problem
// stands in the address, after the #; nothing else is kept.

const $ = (id) => document.getElementById(id);
const START = "two_layer_linear"; // the example that an address without a problem shows
const PAUSE = 350; // milliseconds without a key, after which what is typed is read

/** An element with its properties and children. */
function made(tag, properties = {}, ...children) {
  const { data = {}, ...own } = properties;
  const element = Object.assign(document.createElement(tag), own);
  Object.assign(element.dataset, data);
  element.append(...children);
  return element;
}

/** The answer of the server; what it says instead is thrown. */
async function ask(wanted, fields, signal) {
  const response = await fetch(`answer/${wanted}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(fields),
    signal,
  }).catch((error) => {
    throw error.name === "AbortError" ? error : { message: "the server is not there any more" };
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw answer.error ?? { message: `the server says ${response.status}` };
  return answer;
}

const table = await (await fetch("choices.json")).json();
const forms = Object.fromEntries(table.forms.map((form) => [form.name, form]));

// ---- A text field that shows where an error is

class Editor {
  constructor(id) {
    this.field = $(id);
    this.behind = this.field.previousElementSibling;
    this.said = $(`${id}-said`);
    this.field.addEventListener("input", () => this.mark());
    this.field.addEventListener("scroll", () => this.scroll());
  }

  get text() {
    return this.field.value;
  }

  set text(text) {
    this.field.value = text;
    this.field.rows = Math.min(Math.max(text.split("\n").length + 1, this.field.rows), 22);
    this.mark();
  }

  scroll() {
    this.behind.scrollTop = this.field.scrollTop;
    this.behind.scrollLeft = this.field.scrollLeft;
  }

  /** Where an error begins and ends in the text: the server counts characters, not code units. */
  place({ line, column, width }) {
    const lines = this.text.split("\n");
    const before = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
    const shown = lines[line - 1] ?? "";
    const signs = [...shown];
    const first = column ? signs.slice(0, column - 1).join("").length : 0;
    const length = column ? signs.slice(column - 1, column - 1 + width).join("").length : shown.length;
    return [before + first, before + first + length];
  }

  /** Mark the place of an error, or nothing. */
  mark(error = null) {
    const text = this.text;
    const [begin, end] = error?.line ? this.place(error) : [0, 0];
    const marked = error?.line ? [made("mark", { textContent: text.slice(begin, end) || " " })] : [];
    this.behind.replaceChildren(text.slice(0, begin), ...marked, `${text.slice(end)}\n`);
    this.field.setAttribute("aria-invalid", error !== null);
    this.scroll();
  }

  /** Say what is wrong; a click goes there. */
  fail(error) {
    this.mark(error);
    const place = error.line && `line ${error.line}${error.column ? `, column ${error.column}` : ""}`;
    const go = () => {
      this.field.focus();
      this.field.setSelectionRange(...this.place(error));
    };
    const front = place ? [made("button", { type: "button", onclick: go, textContent: place }), ": "] : [];
    this.said.replaceChildren(made("p", { className: "wrong" }, ...front, error.message));
  }

  say(...lines) {
    this.mark();
    this.said.replaceChildren(...lines);
  }
}

const model = new Editor("model");
const answer = new Editor("answer");
const remarks = (said) => said.map((text) => made("p", { className: "soft", textContent: text }));

// ---- What is chosen, and its place in the address

const choices = table.choices.filter((choice) => choice.values.length > 1);
let wrt = []; // the names that are differentiated by; none stands for all parameters
let form = table.forms[0].name;
let known = null; // what the server said of the model

const value = (choice) => $(`option-${choice.name}`).value;
const derivative = () => $("option-of").value || known?.of || "gradient";
const words = () => [
  ...choices.filter((choice) => !choice.needs).map(value),
  ...(known?.variables ?? []).flatMap((variable) => variable.facts),
];
const fits = (choice) =>
  (!choice.of.length || choice.of.includes(derivative())) &&
  (!choice.needs || words().includes(choice.needs));

function problem() {
  const chosen = choices.filter(fits).map((choice) => [choice.name, value(choice)]);
  return { model: model.text, wrt, ...Object.fromEntries(chosen) };
}

function address() {
  const fields = new URLSearchParams({ model: model.text });
  if (wrt.length) fields.set("wrt", wrt.join(","));
  for (const choice of choices)
    if (fits(choice) && value(choice) !== choice.default) fields.set(choice.name, value(choice));
  if (form !== table.forms[0].name) fields.set("form", form);
  return `#${fields}`;
}

function load() {
  const fields = new URLSearchParams(location.hash.slice(1));
  const first = table.examples.find((example) => example.name === START);
  model.text = fields.get("model") ?? first.text;
  wrt = (fields.get("wrt") ?? "").split(",").filter(Boolean);
  for (const choice of choices) {
    const wanted = fields.get(choice.name);
    $(`option-${choice.name}`).value = choice.values.includes(wanted) ? wanted : choice.default;
  }
  const isChosen = (choice) => choice.folded && value(choice) !== choice.default;
  document.querySelector(".options details").open = choices.some(isChosen);
  showChoices();
  select(fields.get("form") in forms ? fields.get("form") : table.forms[0].name);
  update();
}

// ---- Reading and deriving

let running = null; // what is being asked; a newer question stops it
let pause = 0;

function soon() {
  clearTimeout(pause);
  $("panel").setAttribute("aria-busy", true);
  pause = setTimeout(update, PAUSE);
}

async function update() {
  clearTimeout(pause);
  running?.abort();
  running = new AbortController();
  const { signal } = running;
  $("panel").setAttribute("aria-busy", true);
  try {
    known = await ask("read", { model: model.text }, signal);
    model.say(...remarks(known.remarks));
    showNames();
    history.replaceState(null, "", address());
    show(await ask("derive", { ...problem(), form }, signal), signal);
  } catch (error) {
    if (signal.aborted) return;
    model.fail(error);
    $("panel").classList.add("stale");
  }
  $("panel").removeAttribute("aria-busy");
}

// ---- The names of the model

/** Where a value is: ∈ ℝ with its dimensions. */
const space = ({ dims, label }) =>
  label
    ? made("span", {}, ` < ${dims}`)
    : made("span", {}, " ∈ ℝ", made("sup", { textContent: dims.replaceAll(" ", "") }));

function showNames() {
  const names = known.variables.filter((variable) => !variable.label);
  const isIn = (list) => (name) => list.some((variable) => variable.name === name);
  wrt = wrt.filter(isIn(names));
  const usual = names.filter((variable) => variable.parameter).map((variable) => variable.name);
  const chosen = wrt.length ? wrt : usual;
  const chips = known.variables.map((variable) => {
    const box = made("input", {
      type: "checkbox",
      value: variable.name,
      checked: chosen.includes(variable.name),
      disabled: variable.label,
    });
    return made("label", {}, box, variable.name, space(variable));
  });
  const focused = document.activeElement?.closest?.(".chips") ? document.activeElement.value : null;
  $("wrt").querySelector(".chips").replaceChildren(...chips);
  if (focused) $("wrt").querySelector(`[value="${CSS.escape(focused)}"]`)?.focus();
  $("wrt").hidden = !chips.length;

  const defined = known.defined.map((each) =>
    made("span", {}, made("code", { textContent: each.name }), space(each)),
  );
  $("defined").replaceChildren(...defined);
  $("defined").hidden = !defined.length;

  showChoices();
  showExam(names.map((variable) => variable.name), chosen[0]);
}

$("wrt").addEventListener("change", () => {
  const checked = [...$("wrt").querySelectorAll(":checked")].map((box) => box.value);
  const usual = known.variables.filter((variable) => variable.parameter).map((v) => v.name);
  wrt = checked.join() === usual.join() ? [] : checked;
  update();
});

// ---- The choices

function makeChoices() {
  const field = (choice) => {
    const options = choice.values.map((word) =>
      made("option", { value: word, textContent: word || "automatic" }),
    );
    const id = `option-${choice.name}`;
    const label = made("label", { htmlFor: id, textContent: choice.label });
    const select = made("select", { id, onchange: update }, ...options);
    return made("div", { className: "option", title: choice.help }, label, select);
  };
  const fields = (folded) => choices.filter((choice) => choice.folded === folded).map(field);
  const folded = made("div", { className: "options" }, ...fields(true));
  const more = made("details", {}, made("summary", { textContent: "More" }), folded);
  document.querySelector(".options").replaceChildren(...fields(false), more);
}

function showChoices() {
  for (const choice of choices)
    $(`option-${choice.name}`).parentElement.hidden = !fits(choice);
}

// ---- The forms of a derivation

function makeTabs() {
  const tabs = table.forms.map(({ name, label }) =>
    made("button", { type: "button", role: "tab", id: `tab-${name}`, textContent: label, value: name }),
  );
  const list = document.querySelector("[role=tablist]");
  for (const tab of tabs) tab.setAttribute("aria-controls", "panel");
  list.replaceChildren(...tabs);
  list.addEventListener("click", (event) => {
    if (!event.target.matches("[role=tab]")) return;
    select(event.target.value);
    update();
  });
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = tabs[(tabs.indexOf(document.activeElement) + step + tabs.length) % tabs.length];
    next.focus();
    next.click();
  });
}

function select(name) {
  form = name;
  for (const tab of document.querySelectorAll("[role=tab]")) {
    tab.setAttribute("aria-selected", tab.value === name);
    tab.tabIndex = tab.value === name ? 0 : -1;
  }
  $("panel").setAttribute("aria-labelledby", `tab-${name}`);
  $("copy").hidden = forms[name].shown !== "text";
}

let shown = ""; // the text of what the panel shows

function show(found, signal) {
  shown = found.text;
  $("panel").classList.remove("stale");
  if (forms[form].shown === "page") return showPage(shown, signal);
  const picture = () =>
    made("img", { alt: "The graph of the computation", src: `data:image/svg+xml,${encodeURIComponent(shown)}` });
  const element = forms[form].shown === "picture" ? picture() : made("pre", { textContent: shown });
  if (element.tagName === "PRE") element.tabIndex = 0;
  $("panel").replaceChildren(element);
}

/** A whole page in a frame, which takes the place of the one before once it is there. */
function showPage(text, signal) {
  const before = $("panel").querySelector("iframe:not(.next)");
  const frame = made("iframe", { title: "The derivation", className: "next", srcdoc: text });
  frame.addEventListener("load", () => {
    if (signal.aborted) return frame.remove();
    const page = frame.contentDocument;
    const sized = () => {
      const grows = getComputedStyle(frame).position === "static";
      frame.style.height = grows ? `${page.documentElement.offsetHeight + 8}px` : "";
      page.documentElement.style.fontSize = document.fullscreenElement ? "160%" : "";
    };
    frame.contentWindow.scrollTo(0, before?.contentWindow?.scrollY ?? 0);
    frame.classList.remove("next");
    for (const other of [...$("panel").children]) if (other !== frame) other.remove();
    new ResizeObserver(sized).observe(page.body);
    sized();
  });
  for (const unfinished of $("panel").querySelectorAll(".next")) unfinished.remove();
  $("panel").append(frame);
}

// ---- Copying, saving, showing

function tell(text) {
  $("told").textContent = text;
  setTimeout(() => { $("told").textContent = ""; }, 2000);
}

async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    tell(`${what} copied`);
  } catch {
    tell("the browser does not let the page copy; mark the text and copy it");
  }
}

$("copy").addEventListener("click", () => copy(shown, forms[form].label));
$("link").addEventListener("click", () => {
  history.replaceState(null, "", address());
  copy(location.href, "Link");
});
$("save").addEventListener("click", () => {
  const url = URL.createObjectURL(new Blob([shown], { type: "text/plain" }));
  made("a", { href: url, download: `derivation.${forms[form].suffix}` }).click();
  URL.revokeObjectURL(url);
});
$("present").addEventListener("click", () => $("panel").requestFullscreen());
$("present").hidden = !document.fullscreenEnabled;

// ---- Checking an answer

let told = 0; // how much was said of the answer

function showExam(names, usual) {
  const hessian = derivative() === "hessian";
  const graded = table.graded.includes(derivative()) && names.length;
  const pairs = names.flatMap((a, k) => names.slice(k).map((b) => `${a}, ${b}`));
  const before = $("by").value;
  const options = (hessian ? pairs : names).map((name) => made("option", { textContent: name }));
  $("by").replaceChildren(...options);
  const first = hessian ? `${usual}, ${usual}` : usual;
  $("by").value = options.some((option) => option.value === before) ? before : first;
  $("exam").hidden = !graded;
}

async function grade(level) {
  told = level;
  $("hint").hidden = true;
  const fields = { ...problem(), wrt: $("by").value.split(", "), answer: answer.text };
  answer.say(made("p", { className: "soft", textContent: "Checking …" }));
  try {
    const verdict = await ask("grade", { ...fields, tell: table.told[level] });
    const [word, kind] = new Map([
      [true, ["Right.", "right"]],
      [false, ["Not right yet.", "wrong"]],
      [null, ["This could not be judged.", "soft"]],
    ]).get(verdict.correct);
    const lines = [made("p", { className: kind, textContent: word })];
    if (verdict.said) lines.push(made("p", { textContent: verdict.said }));
    if (verdict.expected && !verdict.correct)
      lines.push(made("p", {}, "It is ", made("code", { textContent: verdict.expected })));
    answer.say(...lines, ...remarks(verdict.remarks));
    const next = table.told[level + 1];
    $("hint").hidden = verdict.correct !== false || !next;
    $("hint").textContent = next === "answer" ? "Show the answer" : `Hint ${level + 1}`;
  } catch (error) {
    answer.fail(error);
  }
}

$("exam").addEventListener("submit", (event) => {
  event.preventDefault();
  grade(0);
});
$("hint").addEventListener("click", () => grade(told + 1));
answer.field.addEventListener("input", () => {
  $("hint").hidden = true;
  answer.said.replaceChildren();
});
for (const editor of [model, answer])
  editor.field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    if (editor === model) update();
    else grade(0);
  });

// ---- The examples

function makeGallery() {
  const cards = table.examples.map(({ name, title, text }) => {
    const open = () => {
      $("gallery").close();
      wrt = [];
      model.text = text;
      for (const choice of choices) $(`option-${choice.name}`).value = choice.default;
      update();
    };
    const words = [made("strong", { textContent: name.replaceAll("_", " ") }), made("small", { textContent: title })];
    return made("li", {}, made("button", { type: "button", onclick: open }, ...words));
  });
  $("gallery").querySelector("ul").replaceChildren(...cards);
  $("gallery-open").addEventListener("click", () => $("gallery").showModal());
}

makeChoices();
makeTabs();
makeGallery();
model.field.addEventListener("input", soon);
addEventListener("hashchange", load);
load();
