"use strict";
// Sorts and filters the table of students. A link to #g7 shows the students of list g7, one to #s3 the third student's
// row; without this script both lead to what has that id. Texts are only ever read and set as text.
(() => {
  const table = document.getElementById("table"), body = table.tBodies[0], rows = [...body.rows];
  const lists = JSON.parse(document.getElementById("groups").textContent);
  const find = document.getElementById("find"), state = document.getElementById("state");
  const shown = document.getElementById("shown"), all = document.getElementById("all");
  const more = document.getElementById("more");
  const frame = table.parentElement;
  const texts = new Map(rows.map(
    row => [row, [...row.cells].slice(0, 3).map(cell => cell.textContent).join(" ").toLowerCase()]));
  const position = new Map(rows.map(row => [row, Number(row.id.slice(1))]));  // in the class
  const most = 200;  // rows that are drawn at first: sixty thousand cells take a second to lay out, each time anew
  let list = "", order = rows, limit = most;

  const filter = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean), wanted = state.value;
    const members = list ? new Set(lists[list][1]) : null;
    let count = 0;
    for (const row of order) {
      const fits = (!members || members.has(position.get(row))) && (!wanted || row.dataset.state === wanted)
        && words.every(word => texts.get(row).includes(word));
      count += fits;
      const seen = fits && count <= limit;
      if (row.hidden === seen) row.hidden = !seen;
    }
    const cut = count > limit ? `, the first ${limit} shown` : "";
    shown.textContent = `${count} of ${rows.length} students${cut}`
      + (list ? ` · ${lists[list][0].replaceAll("`", "")}` : "")
      + (list && lists[list][2] ? ` (${lists[list][2]} more are not listed)` : "");
    all.hidden = count === rows.length && !list;
    more.hidden = !cut;
  };

  const follow = () => {
    const name = decodeURIComponent(location.hash.slice(1));
    if (Object.hasOwn(lists, name)) {
      list = name;
      find.value = state.value = "";
      filter();
      frame.scrollTop = 0;
      document.getElementById("students").scrollIntoView();
      frame.focus({preventScroll: true});
    } else if (/^s\d+$/.test(name)) {
      const row = document.getElementById(name);
      if (row?.hidden) clear();
      if (row?.hidden) unlimited();
      row?.scrollIntoView({block: "center"});
    }
  };

  const clear = () => {
    list = find.value = state.value = "";
    filter();
  };

  const unlimited = () => {
    limit = Infinity;
    filter();
  };

  // Empty cells and signs without a number come last, whichever way round.
  const value = text => {
    const number = parseFloat(text);
    return Number.isNaN(number) ? (/[\p{L}]/u.test(text) ? text.toLowerCase() : null) : number;
  };
  const words = new Intl.Collator(undefined, {numeric: true});
  const compared = (one, other, way) => {
    if (one === null || other === null) return (one === null) - (other === null);
    if (typeof one === "number" && typeof other === "number") return way * (one - other);
    return way * words.compare(String(one), String(other));
  };
  const sort = (head, column) => {
    const textual = column < 2;
    const way = head.getAttribute("aria-sort") === (textual ? "ascending" : "descending") ? -1 : 1;
    const up = textual ? way : -way;
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up > 0 ? "ascending" : "descending");
    const keys = new Map(rows.map(row => {
      const text = row.cells[column].textContent;
      return [row, textual ? text || null : value(text)];
    }));
    order = [...rows].sort(
      (a, b) => compared(keys.get(a), keys.get(b), up) || position.get(a) - position.get(b));
    filter();
    body.replaceChildren(...order);
  };

  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(head, column));
  });
  document.getElementById("tools").hidden = false;
  document.getElementById("tools").addEventListener("submit", event => event.preventDefault());
  find.addEventListener("input", filter);
  state.addEventListener("change", filter);
  all.addEventListener("click", () => {
    history.pushState(null, "", "#students");
    clear();
    find.focus();
  });
  more.addEventListener("click", () => {
    unlimited();
    frame.focus({preventScroll: true});
  });
  addEventListener("beforeprint", unlimited);  // on paper nobody can ask for more
  addEventListener("hashchange", follow);
  // A second click on a link whose list was left by other means changes no address.
  addEventListener("click", event => {
    const link = event.target.closest("a[href^='#']");
    if (link && link.getAttribute("href") === location.hash) follow();
  });
  filter();
  follow();
})();
