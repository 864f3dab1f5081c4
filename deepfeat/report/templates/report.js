"use strict";
(() => {
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);

  // --- theme -----------------------------------------------------------------------------------------------
  const themes = document.querySelectorAll("[data-theme-choice]");
  const stored = () => { try { return localStorage.getItem("deepfeat-theme"); } catch { return null; } };
  const useTheme = (name) => {
    if (name === "auto") root.removeAttribute("data-theme"); else root.setAttribute("data-theme", name);
    for (const button of themes) button.setAttribute("aria-pressed", String(button.dataset.themeChoice === name));
  };
  for (const button of themes) {
    button.addEventListener("click", () => {
      const name = button.dataset.themeChoice;
      useTheme(name);
      try { localStorage.setItem("deepfeat-theme", name); } catch { /* a browser that keeps nothing */ }
    });
    button.parentElement.hidden = false;
  }
  if (["light", "dark"].includes(stored())) useTheme(stored());

  // --- ranking ---------------------------------------------------------------------------------------------
  const data = JSON.parse(byId("ranking-data").textContent);
  const table = byId("ranking-table");
  if (table) {
    const columns = new Map(data.columns.map((column) => [column.key, column]));
    const names = data.names;
    const searched = names.map((name, row) => (data.full[row] ?? name).toLowerCase());
    let sort = { key: "rank", down: false }, page = 0, shown = names.map((_, row) => row);

    const missing = (value) => value === null || value === undefined;
    const format = (value, column) => {
      if (missing(value)) return "";
      if (column.form === "p") return value < 0.001 ? "< 0.001" : value.toFixed(3);
      const text = column.form.endsWith("e") ? value.toExponential(2) : value.toFixed(Number(column.form.slice(1, -1)));
      const [whole, ...rest] = text.split(".");
      return [whole.replace(/\B(?=(\d{3})+$)/g, ","), ...rest].join(".").replace(/-/g, "\u2212");
    };
    const cell = (tag, kind, group, text) => {
      const made = document.createElement(tag);
      made.className = kind;
      if (group) made.dataset.group = group;
      made.textContent = text;
      return made;
    };
    const svg = (tag, attributes) => {
      const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
      for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
      return made;
    };
    const bar = (row) => {
      const { low, high, start, reach } = data.bar;
      const at = (value) => Math.round(10000 * (value - start) / reach) / 100;
      const value = columns.get("importance").values[row];
      const drawn = svg("svg", { class: "bar", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true", focusable: "false" });
      const [left, right] = [at(Math.min(0, value)), at(Math.max(0, value))];
      drawn.append(svg("rect", { class: "value", x: left, y: 1.5, width: right - left, height: 7 }));
      if (!missing(low[row])) drawn.append(svg("path", { class: "interval", d: `M${at(low[row])} 5H${at(high[row])}` }));
      const made = cell("td", "bar", "", "");
      made.append(drawn);
      return made;
    };
    const line = (row) => {
      const made = document.createElement("tr");
      for (const column of data.columns) {
        if (column.kind === "feature") {
          const head = cell("th", "feature", "", "");
          const name = document.createElement("bdi");
          name.textContent = names[row];
          head.scope = "row";
          if (data.full[row]) head.title = data.full[row];
          head.append(name);
          made.append(head);
        } else if (column.kind === "bar") {
          made.append(bar(row));
        } else if (column.kind === "interval") {
          const [low, high] = column.values.map((ends) => format(ends[row], column));
          made.append(cell("td", "interval", column.group, low && `${low} to ${high}`));
        } else {
          const value = column.values[row];
          made.append(cell("td", column.kind, column.group, column.kind === "text" ? value : format(value, column)));
        }
      }
      return made;
    };

    const body = table.tBodies[0], status = byId("ranking-status"), pager = byId("ranking-pager");
    const size = () => Number(byId("ranking-rows").value);
    const draw = () => {
      const pages = Math.max(1, Math.ceil(shown.length / size()));
      page = Math.min(Math.max(page, 0), pages - 1);
      const start = page * size(), rows = shown.slice(start, start + size());
      body.replaceChildren(...rows.map(line));
      const count = (number) => number.toLocaleString("en");
      const which = rows.length ? `Features ${count(start + 1)} to ${count(start + rows.length)} of ${count(shown.length)}` : "No feature";
      const found = shown.length < names.length ? ` found among ${count(names.length)}` : "";
      status.textContent = `${which}${found}`;
      byId("ranking-page").textContent = `Page ${count(page + 1)} of ${count(pages)}`;
      pager.hidden = pages === 1;
      const [back, on] = pager.querySelectorAll("button");
      back.disabled = page === 0;
      on.disabled = page === pages - 1;
    };
    const order = () => {
      const column = columns.get(sort.key);
      const collator = new Intl.Collator("en", { numeric: true });
      const values = column.kind === "feature" ? names : column.kind === "interval" ? column.values[0] : column.values;
      const sign = sort.down ? -1 : 1;
      shown.sort((one, other) => {
        const [a, b] = [values[one], values[other]];
        if (missing(a) || missing(b)) return missing(a) - missing(b) || one - other;
        return sign * (typeof a === "number" ? a - b : collator.compare(a, b)) || one - other;
      });
    };
    const find = () => {
      const words = byId("ranking-filter").value.toLowerCase().split(/\s+/).filter(Boolean);
      shown = [];
      for (let row = 0; row < names.length; row++) if (words.every((word) => searched[row].includes(word))) shown.push(row);
      page = 0;
      order();
      draw();
    };

    for (const head of table.querySelectorAll(".head")) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      const key = head.dataset.column;
      button.addEventListener("click", () => {
        const first = columns.get(key).first === "down";
        sort = { key, down: sort.key === key ? !sort.down : first };
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        head.parentElement.setAttribute("aria-sort", sort.down ? "descending" : "ascending");
        page = 0;
        order();
        draw();
      });
    }
    byId("ranking-filter").addEventListener("input", find);
    byId("ranking-rows").addEventListener("change", () => { page = 0; draw(); });
    byId("ranking-controls").addEventListener("submit", (event) => event.preventDefault());
    for (const box of document.querySelectorAll("[data-group-choice]")) {
      const apply = () => table.classList.toggle(`hide-${box.dataset.groupChoice}`, !box.checked);
      box.addEventListener("change", apply);
      apply();
    }
    for (const button of pager.querySelectorAll("button")) {
      button.addEventListener("click", () => { page += Number(button.dataset.step); draw(); });
    }
    byId("ranking-controls").hidden = false;
    draw();
  }

  // --- text to paste ---------------------------------------------------------------------------------------
  const copy = byId("copy-text");
  if (copy && navigator.clipboard) {
    copy.hidden = false;
    copy.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(byId("methods-text").innerText);
        byId("copy-status").textContent = "Copied.";
      } catch {
        getSelection().selectAllChildren(byId("methods-text"));
        byId("copy-status").textContent = "Selected; copy it with the keyboard.";
      }
    });
  }
})();
