"use strict";

// What all live figures share: planes to draw on, a session without a page (as the tests use
// it), and the custom element that shows a session to the reader.
const live = (() => {
  const figures = {};

  // ---- Words ---------------------------------------------------------------------------

  // With a minus sign, and in powers of ten where zeros would hide the digits.
  const text = (x, digits = 3) => {
    if (!Number.isFinite(x)) return Number.isNaN(x) ? "not a number" : x > 0 ? "∞" : "−∞";
    const small = x !== 0 && Math.abs(x) < 10 ** -digits;
    const written = small || Math.abs(x) >= 1e6 ? x.toExponential(1) : x.toFixed(digits);
    return (Number(written) === 0 ? written.replace("-", "") : written)
      .replace("e+", "e").replace(/-/g, "−");
  };

  // ---- Drawing -------------------------------------------------------------------------

  const MARGIN = { left: 52, right: 12, top: 12, bottom: 42 };

  const place = (x) => String(Math.round(x * 10) / 10);

  // An axis is {from, to, label, log, ticks, names}; `names` are the words at `ticks`.
  const scale = ({ from, to, log }) => {
    const [a, b] = log ? [Math.log10(from), Math.log10(to)] : [from, to];
    return {
      share: (x) => ((log ? Math.log10(x) : x) - a) / (b - a),
      number: (share) => (log ? 10 ** (a + share * (b - a)) : a + share * (b - a)),
    };
  };

  const SUPERSCRIPT = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

  const ticksOf = ({ from, to, log, ticks, names }) => {
    if (ticks) return ticks.map((x, i) => [x, names ? names[i] : String(x).replace("-", "−")]);
    if (log) {
      const [a, b] = [Math.log10(from), Math.log10(to)];
      const step = Math.ceil((b - a) / 6);
      const found = [];
      for (let k = Math.ceil(a - 1e-9); k <= b + 1e-9; k += step) {
        found.push([10 ** k, "10" + [...String(k)].map((each) => SUPERSCRIPT[each]).join("")]);
      }
      return found;
    }
    const rough = (to - from) / 5;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((each) => each * power >= rough * 0.99);
    const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    const found = [];
    for (let k = Math.ceil(from / step - 1e-9); k * step <= to + 1e-9 * step; k++) {
      found.push([k * step, text(k * step, digits)]);
    }
    return found;
  };

  const SHAPES = {
    o: "m-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0",
    x: "m-3-3l6 6m0-6l-6 6",
    "^": "m0-4l3.8 7h-7.6z",
    "+": "m-4 0h8m-4-4v8",
    ".": "m-2 0a2 2 0 1 0 4 0a2 2 0 1 0-4 0",
    "*": "m0-9l2.2 6h6.3l-5 4 1.9 6.200-5.400-3.700-5.400 3.700 1.900-6.200-5-4h6.300z",
  };

  // A plane shows numbers between the ends of its axes. All that is drawn is text of an SVG;
  // `kind` are classes of live.css: c0 to c5, thick, dashed, thin, filled.
  const plane = ({ x, y, width = 340, height = 280 }) => {
    const across = width - MARGIN.left - MARGIN.right;
    const up = height - MARGIN.top - MARGIN.bottom;
    const [sx, sy] = [scale(x), scale(y)];

    const at = ([a, b]) => [sx.share(a) * across, (1 - sy.share(b)) * up];

    const back = ([px, py]) => [
      sx.number((px - MARGIN.left) / across),
      sy.number(1 - (py - MARGIN.top) / up),
    ];

    const pen = (point) => {
      const [px, py] = at(point);
      // Far outside, where an SVG's numbers end.
      return [px, py].map((each) => place(Math.max(-9999, Math.min(9999, each)))).join(" ");
    };

    const finite = (point) => at(point).every(Number.isFinite);

    const grid = () => {
      const lines = [];
      const words = [];
      for (const [value, name] of ticksOf(x)) {
        const [px] = at([value, y.from]);
        lines.push(`M${place(px)} 0V${up}`);
        words.push(`<text x="${place(px)}" y="${up + 17}" class="tick x">${name}</text>`);
      }
      for (const [value, name] of ticksOf(y)) {
        const [, py] = at([x.from, value]);
        lines.push(`M0 ${place(py)}H${across}`);
        words.push(`<text x="-7" y="${place(py + 4)}" class="tick y">${name}</text>`);
      }
      return `<path class="grid" d="${lines.join("")}"/><path class="spine" d="M0 0V${up}H${across}"/>`
        + words.join("")
        + `<text x="${across / 2}" y="${up + 36}" class="label">${x.label}</text>`
        + `<text transform="translate(-38 ${up / 2}) rotate(-90)" class="label">${y.label}</text>`;
    };

    const line = (points, kind = "c0") => {
      const seen = points.filter(finite);
      return seen.length ? `<path class="line ${kind}" d="M${seen.map(pen).join("L")}"/>` : "";
    };

    const area = (points, kind = "c0") => `<path class="area ${kind}" d="M${points.map(pen).join("L")}z"/>`;

    const marks = (points, shape, kind = "c0") => {
      const seen = points.filter(finite);
      return `<path class="mark ${kind} ${"x+".includes(shape) ? "open" : ""}" d="${
        seen.map((point) => `M${pen(point)}${SHAPES[shape]}`).join("")}"/>`;
    };

    const ring = (point, radius = 8, kind = "c3") => {
      const [px, py] = at(point);
      return `<circle class="line ${kind}" cx="${place(px)}" cy="${place(py)}" r="${radius}"/>`;
    };

    const arrow = (start, end, kind = "") => {
      const [[ax, ay], [bx, by]] = [at(start), at(end)];
      const far = Math.hypot(bx - ax, by - ay);
      if (!(far > 0.5)) return "";
      const [ux, uy] = [(bx - ax) / far, (by - ay) / far];
      const head = [[1, 0.5], [1, -0.5]].map(([along, aside]) =>
        `${place(bx - 8 * along * ux - 8 * aside * uy)} ${place(by - 8 * along * uy + 8 * aside * ux)}`);
      return `<path class="line ${kind}" d="M${place(ax)} ${place(ay)}L${place(bx)} ${place(by)}M${
        head[0]}L${place(bx)} ${place(by)}L${head[1]}"/>`;
    };

    const label = (point, words, kind = "") => {
      const [px, py] = at(point);
      return `<text x="${place(px)}" y="${place(py)}" class="${kind}">${words}</text>`;
    };

    // `words` at the bottom, where something has left the picture.
    const note = (words) => `<text x="${across / 2}" y="${up - 8}" class="note">${words}</text>`;

    // The lines on which f has each of `levels`: f is known at places of a lattice, and on a
    // side between two of them it is taken as straight.
    const contours = (f, levels, n = 60) => {
      const xs = Array.from({ length: n + 1 }, (_, i) => sx.number(i / n));
      const ys = Array.from({ length: n + 1 }, (_, i) => sy.number(i / n));
      const values = ys.map((b) => xs.map((a) => f(a, b)));
      return levels.map((level, k) => {
        const parts = [];
        const cross = (i, j, k2, m) => {
          const [p, q] = [values[j][i], values[m][k2]];
          if (p < level === q < level) return [];
          const share = (level - p) / (q - p);
          return [pen([xs[i] + share * (xs[k2] - xs[i]), ys[j] + share * (ys[m] - ys[j])])];
        };
        for (let j = 0; j < n; j++) {
          for (let i = 0; i < n; i++) {
            const met = [
              ...cross(i, j, i + 1, j), ...cross(i + 1, j, i + 1, j + 1),
              ...cross(i + 1, j + 1, i, j + 1), ...cross(i, j + 1, i, j),
            ];
            for (let m = 0; m + 1 < met.length; m += 2) parts.push(`M${met[m]}L${met[m + 1]}`);
          }
        }
        const share = levels.length > 1 ? k / (levels.length - 1) : 0;
        return `<path class="contour" style="--share:${place(share * 100)}%" d="${parts.join("")}"/>`;
      }).join("");
    };

    return {
      x, y, width, height, across, up, at, back,
      grid, line, area, marks, ring, arrow, label, note, contours,
    };
  };

  // ---- A session: one use of a figure, without a page --------------------------------------

  const open = (name, data) => {
    const figure = figures[name];
    const start = Object.fromEntries(figure.controls.map((each) => [each.key, each.start]));
    const session = { figure, data, values: { ...start }, model: null, left: 0 };
    let chosen = {};

    session.again = () => {
      session.model = figure.begin(session.values, data);
      session.left = 0;
    };

    // With `again`, which says where the steps began, all that the reader has set stays.
    session.reset = () => {
      const { values, model } = session;
      session.values = figure.again ? { ...values, ...figure.again(model) } : { ...start, ...chosen.values };
      session.again();
    };

    session.set = (key, value) => {
      session.left = 0;
      session.values[key] = value;
      if (figure.controls.find((each) => each.key === key).restarts) session.again();
      else figure.changed?.(session.model, session.values, data, key);
    };

    session.choose = (setting) => {
      chosen = figure.settings[setting];
      session.values = { ...start, ...chosen.values };
      session.again();
      session.left = chosen.steps ?? 0;
    };

    // A figure's `last` is how many steps a run makes; some have an end, and begin anew there.
    session.run = () => {
      const { last } = figure;
      if (session.left <= 0) session.left = typeof last === "number" ? last : last(session.model, session.values);
    };

    session.step = () => {
      figure.step(session.model, session.values, data);
      session.left--;
    };

    session.finish = () => {
      while (session.left > 0) session.step();
    };

    session.panels = () => figure.draw(session.model, session.values, data);
    session.said = () => figure.say(session.model, session.values, data);
    session.handles = () => figure.handles?.(session.model, session.values, data) ?? [];
    session.move = (handle, point) => {
      session.left = 0;
      figure.move(handle, point, session.model, session.values, data);
    };
    session.pick = (panel, point) => {
      session.left = 0;
      figure.pick?.(panel, point, session.model, session.values, data);
    };
    session.again();
    return session;
  };

  // Steps to the end of `all`, or at the end those of the next round, which `next` begins.
  const rest = (done, all) => (done < all ? all - done : all + 1);
  const next = (done, all) => (done < all ? done + 1 : 0);

  const shown = (control, value) => (control.choices ? control.choices[value] : text(value, control.digits ?? 2));

  return { figures, text, plane, open, rest, next, shown, MARGIN };
})();
