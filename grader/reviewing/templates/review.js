// What the pages of `grader review` do: save what is typed, obey keys, show what somebody else decided meanwhile.
"use strict";

const key = document.querySelector('meta[name="review-key"]').content;

async function post(address, sent) {
  try {
    const answer = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Review-Key": key },
      body: JSON.stringify(sent),
    });
    const told = await answer.json().catch(() => ({ error: `the grader answered ${answer.status}` }));
    return { status: answer.status, told };
  } catch {
    return { status: 0, told: { error: "not saved: `grader review` does not answer; start it again" } };
  }
}

function say(form, text, kind = "") {
  const state = form.querySelector(".state");
  state.textContent = text;
  state.className = `state ${kind}`;
}

// ---- fields that save themselves ----------------------------------------------------------------------------------

class Fields {
  constructor(form) {
    this.form = form;
    this.points = form.elements.points;
    this.comment = form.elements.comment;
    this.why = form.elements.why;
    this.saved = this.now();
    this.saving = Promise.resolve(true);
    this.timer = 0;
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", () => this.soon());
    form.addEventListener("change", () => this.save());
    for (const button of form.querySelectorAll("[data-give]")) {
      button.addEventListener("click", () => this.give(button.dataset.give));
    }
    for (const button of form.querySelectorAll("[data-comment]")) {
      button.addEventListener("click", () => this.take(button.dataset.comment));
    }
    for (const button of form.querySelectorAll("[data-keep]")) {
      button.addEventListener("click", () => this.settle(button.dataset.keep));
    }
  }

  now() {
    return JSON.stringify([this.points.value, this.comment.value, this.why ? this.why.value : ""]);
  }

  give(points) {
    this.points.value = points;
    return this.save();
  }

  take(text) {
    const own = this.comment.value.trim();
    this.comment.value = own ? `${own}\n${text}` : text;
    return this.save();
  }

  soon() {
    say(this.form, "…");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), 1500);
  }

  // One after the other, so that each names the decision that the one before it made.
  save() {
    clearTimeout(this.timer);
    this.saving = this.saving.then(() => this.send());
    return this.saving;
  }

  async send() {
    const typed = this.now();
    if (!this.form.querySelector(".conflict").hidden) return false;
    if (typed === this.saved) {
      if (this.form.querySelector(".state").textContent === "…") say(this.form, "");
      return true;
    }
    const missing = this.points.dataset.overrules && this.points.value !== JSON.parse(this.saved)[0];
    if (missing && !this.why.value.trim()) {
      say(this.form, "not saved yet: give the reason", "bad");
      return false;
    }
    const data = this.form.dataset;
    const { status, told } = await post("/save", {
      student: data.student, alias: data.alias, item: data.item, seen: data.seen,
      points: this.points.value, comment: this.comment.value, why: this.why ? this.why.value : "",
    });
    if (told.done) {
      data.seen = told.newest;
      this.saved = typed;
      say(this.form, "saved", "good");
      return true;
    }
    if (status === 409) this.conflict(told);
    else say(this.form, told.error || "not saved", "bad");
    return false;
  }

  conflict(theirs) {
    this.theirs = theirs;
    const mark = theirs.points === "" ? "no mark" : `${theirs.points} of ${theirs.possible}`;
    const comment = theirs.comment ? `\n“${theirs.comment}”` : "";
    this.form.querySelector(".theirs").textContent =
      `${theirs.who} has decided meanwhile: ${mark}.${comment}\nYours is still in the fields, and not saved.`;
    this.form.querySelector(".conflict").hidden = false;
    say(this.form, "not saved", "bad");
  }

  settle(whose) {
    this.form.querySelector(".conflict").hidden = true;
    this.form.dataset.seen = this.theirs.newest;
    this.saved = JSON.stringify([this.theirs.points, this.theirs.comment, this.why ? this.why.value : ""]);
    if (whose === "theirs") {
      this.points.value = this.theirs.points;
      this.comment.value = this.theirs.comment;
      say(this.form, "theirs stands", "good");
      return Promise.resolve(true);
    }
    return this.save();
  }
}

const fields = [...document.querySelectorAll("form.fields")].map((form) => new Fields(form));

window.addEventListener("beforeunload", (event) => {
  if (fields.some((each) => each.now() !== each.saved)) event.preventDefault();
});

// ---- buttons and forms that send once -------------------------------------------------------------------------------

async function send(place, sent) {
  const { told } = await post(place.dataset.post, { ...place.dataset, ...sent });
  if (told.done) {
    for (const each of fields) if (!(await each.save())) return;
    location.reload();
  } else if (place.matches("form")) say(place, told.error, "bad");
  else place.insertAdjacentText("afterend", ` ${told.error}`);
}

for (const button of document.querySelectorAll("button[data-post]")) {
  button.addEventListener("click", () => send(button, {}));
}
for (const form of document.querySelectorAll("form.posted")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form, Object.fromEntries(new FormData(form)));
  });
}

for (const field of document.querySelectorAll("[data-filter]")) {
  const lines = [...document.querySelectorAll(`#${field.dataset.filter} tbody tr`)];
  field.addEventListener("input", () => {
    const wanted = field.value.toLowerCase();
    for (const line of lines) line.hidden = !line.textContent.toLowerCase().includes(wanted);
  });
}

if (location.hash) {
  const item = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const inside = item && item.querySelector("details.decide");
  if (inside) inside.open = true;
}

// ---- keys, on the page of one answer --------------------------------------------------------------------------------

const place = document.querySelector(".place");

async function go(where) {
  if (!where) return;
  const field = document.activeElement && document.activeElement.name;
  if (!(await fields[0].save())) return;
  location.href = field ? `${where}#at-${field}` : where;
}

function insideField(event) {
  if (event.key === "Escape") {
    fields[0].save();
    event.target.blur();
  } else if (event.key === "Enter" && event.target.name !== "comment") {
    event.preventDefault();
    fields[0].save();
  } else return false;
  return true;
}

function outside(event) {
  const form = fields[0];
  const bank = document.querySelectorAll("[data-comment]");
  if (event.key === "f") form.give(form.points.dataset.possible);
  else if (event.key === "z") form.give("0");
  else if (event.key === "j") go(place.dataset.behind);
  else if (event.key === "k") go(place.dataset.before);
  else if (event.key === "n") go(place.dataset.unmarked);
  else if (event.key === "c") form.comment.focus();
  else if (event.key === "Enter") form.points.select();
  else if (event.key === "h") document.querySelector(".who-is").toggleAttribute("open");
  else if (event.key === "?") document.querySelector(".keys").toggleAttribute("open");
  else if (/^[1-9]$/.test(event.key) && bank[event.key - 1]) form.take(bank[event.key - 1].dataset.comment);
  else return false;
  return true;
}

if (place && fields.length) {
  const field = location.hash.startsWith("#at-") && fields[0].form.elements[location.hash.slice(4)];
  if (field) field.focus();
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.metaKey || event.isComposing) return;
    if (event.ctrlKey) {
      // With Shift the key is another character on most keyboards, so the place of the key counts.
      const to = { Period: event.shiftKey ? "unmarked" : "behind", Comma: "before" }[event.code];
      if (!to) return;
      event.preventDefault();
      go(place.dataset[to]);
      return;
    }
    const typing = event.target.matches("input, textarea, select");
    if (typing ? insideField(event) : !event.target.matches("button, summary, a") || event.key !== "Enter" ? outside(event) : false) {
      event.preventDefault();
    }
  });
}
