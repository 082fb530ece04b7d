"use strict";

// Chapter 1: the computation graph of J = a (a b + c), its values forward, its slopes backward.
live.figures.graph = (() => {
  const PLACES = { a: [0, 4], b: [0, 2], c: [0, 0], s: [2, 2.4], r: [4, 1.2], J: [6, 2.8] };
  const ARROWS = ["as", "bs", "sr", "cr", "aJ", "rJ"];
  // What the sweep finds, one after the other.
  const SWEEP = [["s"], ["r"], ["J"], ["dJ"], ["dr"], ["ds", "dc"], ["db"], ["da"]];

  const sweep = ({ a, b, c }) => {
    const s = a * b;
    const r = s + c;
    const J = a * r;
    const dJ = 1;
    const dr = dJ * a; // (1.4)
    const ds = dr * 1; // (1.4)
    const dc = dr * 1; // (1.4)
    const db = ds * a; // (1.4)
    const da = dJ * r + ds * b; // (1.6)
    return { a, b, c, s, r, J, dJ, dr, ds, dc, db, da, aJ: dJ * r, as: ds * b };
  };

  // A unit of the places is as long upward as to the right, and all of the panel is used.
  const [width, height] = [340, 264];
  const unit = width / 7.2;
  const { left, right, top, bottom } = live.MARGIN;
  const plane = live.plane({
    x: { from: left / unit - 0.6, to: 6.6 - right / unit, label: "" },
    y: { from: bottom / unit - 0.85, to: (height - top) / unit - 0.85, label: "" },
    width,
    height,
  });
  const RADIUS = 0.3;

  const word = (point, words, style = "") =>
    plane.label(point, words).replace("<text", `<text style="font-size:14px;${style}"`);

  const written = (x) => String(x).replace("-", "−");

  // What is known so far, in words.
  const known = ({ found: count }, values) => {
    const found = new Set(["a", "b", "c", ...SWEEP.slice(0, count).flat()]);
    const all = sweep(values);
    return (key) => (found.has(key) ? written(all[key]) : "?");
  };

  // The quantities at which the sweep stands, before it is done.
  const current = ({ found }) => (found < SWEEP.length ? SWEEP[found - 1] ?? [] : []);

  const arrow = ([start, end], kind, words = "") => {
    const [[ax, ay], [bx, by]] = [PLACES[start], PLACES[end]];
    const far = Math.hypot(bx - ax, by - ay);
    const [ux, uy] = [(bx - ax) / far, (by - ay) / far];
    const gap = RADIUS + 0.08;
    const [mx, my] = [(ax + bx) / 2, (ay + by) / 2];
    return plane.arrow([ax + gap * ux, ay + gap * uy], [bx - gap * ux, by - gap * uy], kind)
      + word([mx - 0.36 * uy, my + 0.36 * ux - 0.1], words);
  };

  const signed = (x) => (x > 0 ? "c0 thick" : x < 0 ? "c1 thick" : "dashed");

  return {
    sweep,

    last: ({ found }) => live.rest(found, SWEEP.length),
    pace: 25,

    controls: [
      { key: "a", label: "a", from: -5, to: 5, step: 1, digits: 0, start: 2 },
      { key: "b", label: "b", from: -5, to: 5, step: 1, digits: 0, start: -3 },
      { key: "c", label: "c", from: -15, to: 15, step: 1, digits: 0, start: 10 },
    ],

    again: () => ({}),

    settings: {
      "as in the text": {},
      "two paths that cancel": { values: { c: 12 } },
      "one path closed": { values: { b: 0 } },
    },

    begin: () => ({ found: SWEEP.length }),

    step(model) {
      model.found = live.next(model.found, SWEEP.length);
    },

    changed(model) {
      model.found = SWEEP.length;
    },

    draw(model, values) {
      const shown = known(model, values);
      const at = current(model);
      const all = sweep(values);
      const arrows = ARROWS.map((each) => {
        if (each[0] === "a" && shown("da") !== "?") {
          return arrow(each, signed(all[each]), `(${written(all[each])})`);
        }
        return arrow(each, at.includes(each[1]) || at.includes(`d${each[0]}`) ? "thick" : "faint");
      });
      const nodes = Object.entries(PLACES).map(([key, [x, y]]) =>
        plane.ring([x, y], RADIUS * unit, at.includes(key) || at.includes(`d${key}`) ? "c0 thick" : "c0")
        + word([x, y - 0.1], key, "font-style:italic")
        + word([x, y + 0.42], shown(key))
        + word([x, y - 0.66], `(${shown(`d${key}`)})`));
      return [{
        plane,
        name: "The computation graph of J = a (a b + c): above each node its value, below it in brackets the "
          + "slope of J, on the two arrows that leave a what each brings to da: blue above zero, orange "
          + "below, dashed if it is zero",
        layers: [arrows.join("") + nodes.join("")],
      }];
    },

    say(model, values) {
      const shown = known(model, values);
      const { aJ, as } = sweep(values);
      const second = as < 0 ? `(${written(as)})` : written(as);
      return [
        ["s = a b", shown("s")],
        ["r = s + c", shown("r")],
        ["J = a r", shown("J")],
        ["dr = dJ · a", shown("dr")],
        ["ds, dc = dr · 1", shown("ds")],
        ["db = ds · a", shown("db")],
        ["da = dJ · r + ds · b", shown("da") === "?" ? "?" : `${written(aJ)} + ${second} = ${shown("da")}`],
      ];
    },
  };
})();
