"use strict";

// Chapter 6: a path with momentum beside one without, from the same start in the same valley.
live.figures.momentum = (() => {
  const { table, momentumStep } = maths;
  const plane = live.plane({
    x: { from: -4.5, to: 4.5, label: "parameter p₁ (dimensionless)" },
    y: { from: -1.2, to: 1.2, label: "parameter p₂" },
    height: 250,
  });

  const valley = (p1, p2) => (p1 * p1 + 20 * p2 * p2) / 2;
  const pair = (a, b) => table(1, 2, Float64Array.of(a, b));
  const slopes = ([p1, p2]) => pair(p1, 20 * p2);

  const roll = ({ eta, steps, p1, p2 }, mu) => {
    let [params, velocity] = [[pair(p1, p2)], [pair(0, 0)]];
    const path = [[p1, p2]];
    while (path.length <= steps) {
      [params, velocity] = momentumStep(params, [slopes(path.at(-1))], velocity, eta, mu);
      path.push([...params[0].a]);
    }
    return path;
  };

  const far = ([p1, p2]) => Math.hypot(p1, p2);
  const factor = (path) => (far(path.at(-1)) / (far(path[0]) || 1)) ** (1 / Math.max(1, path.length - 1));
  const crossings = (path) => path.filter(([, p2], s) => s && p2 * path[s - 1][1] < 0).length;

  return {
    slopes,
    roll,
    last: (model, { steps }) => live.rest(steps, 100),
    pace: 4,

    controls: [
      { key: "eta", label: "step size η", from: 0.01, to: 0.2, step: 0.01, start: 0.09 },
      { key: "mu", label: "momentum μ", from: 0, to: 0.99, step: 0.01, start: 0.5 },
      { key: "steps", label: "steps", from: 0, to: 100, step: 1, digits: 0, start: 20 },
      { key: "p1", label: "start p₁", from: -4.4, to: 4.4, step: 0.1, digits: 1, start: -4 },
      { key: "p2", label: "start p₂", from: -1.1, to: 1.1, step: 0.05, start: 1 },
    ],

    again: () => ({ steps: 0 }),

    settings: {
      "as drawn": { values: { steps: 0 }, steps: 20 },
      "a larger step": { values: { eta: 0.12, steps: 0 }, steps: 20 },
      "more momentum": { values: { mu: 0.95, steps: 0 }, steps: 20 },
    },

    begin: () => ({
      map: plane.contours(valley, Array.from({ length: 9 }, (_, k) => 0.1 * 200 ** (k / 8))),
    }),

    step(model, values) {
      values.steps = live.next(values.steps, 100);
    },

    handles: (model, { p1, p2 }) => [0, 1].map((panel) => ({ panel, name: "start", at: [p1, p2] })),

    move(handle, [p1, p2], model, values) {
      values.p1 = Math.max(-4.4, Math.min(4.4, p1));
      values.p2 = Math.max(-1.1, Math.min(1.1, p2));
    },

    draw: (model, values) => [["without", 0], ["with", values.mu]].map(([word, mu]) => {
      const path = roll(values, mu);
      const end = path.at(-1);
      const outside = Math.abs(end[1]) > plane.y.to; // along the valley no path gets so far
      const title = `${word} momentum, μ = ${live.text(mu, mu ? 2 : 0)}`;
      return {
        plane,
        name: `Map of a long valley: the path ${word} momentum, from the ring to the star`,
        layers: [
          `${plane.grid()}<text x="0" y="-2" class="start">${title}</text>`,
          model.map,
          plane.line(path, "c1") + plane.marks(path, ".", "c1") + plane.marks([end], "*", "c1")
            + (outside ? plane.note("ends outside the map") : ""),
        ],
      };
    }),

    say(model, values) {
      const { eta, mu, steps } = values;
      const paths = [roll(values, 0), roll(values, mu)];
      const [steady, alternating] = [eta / (1 - mu), eta / (1 + mu)]; // (6.5)
      const both = (f, digits) => {
        const [one, other] = paths.map((path) => live.text(f(path), digits));
        return `${one} without, ${other} with`;
      };
      return [
        ["steps", String(steps)],
        ["from the bottom", both((path) => far(path.at(-1)), 3)],
        ["on average a step multiplies this by", both(factor, 3)],
        ["times the valley is crossed", both(crossings, 0)],
        ["momentum works like", `η = ${live.text(steady)} on a steady slope, ${
          live.text(alternating)} on an alternating one`],
      ];
    },
  };
})();
