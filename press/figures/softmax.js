"use strict";

// Chapter 3: three scores, their softmax, and what the loss asks of each score.
live.figures.softmax = (() => {
  const { softmax, crossEntropy, from, sum } = maths;
  const classes = [0, 1, 2];
  const bars = (y, words = "class") => live.plane({
    x: { from: -0.6, to: 2.6, label: words, ticks: classes },
    y,
    width: 220,
    height: 200,
  });
  const scores = bars({ from: -4.5, to: 4.5, label: "score z + c" });
  const shares = bars({ from: 0, to: 1.2, label: "probability y" }, "class (dashed: target)");
  const slopes = (tau) => {
    const far = Math.max(1, 1 / tau);
    const ticks = [-1, 0, 1].map((each) => each * Math.floor(far));
    return bars({ from: -1.2 * far, to: 1.2 * far, ticks, label: "∂ξ/∂z = (y − t)/τ (nats)" });
  };

  const computed = ({ z0, z1, z2, c, tau, label }) => {
    const z = [z0, z1, z2].map((each) => each + c);
    const u = z.map((each) => each / tau);
    const t = classes.map((k) => (k === label ? 1 : 0));
    const y = [...softmax(from([u])).a]; // (3.1)
    return {
      z, t, y,
      powers: u.map((each) => Math.exp(each)),
      loss: crossEntropy(from([u]), from([t])), // (3.3)
      slope: y.map((each, k) => (each - t[k]) / tau), // (3.15)
    };
  };

  const rounded = (x, digits) => live.text(Number(x.toFixed(digits)), digits);
  const list = (numbers) => numbers.map((each) => rounded(each, 3)).join(", ");

  const box = (k, from, to) => [[k - 0.35, from], [k - 0.35, to], [k + 0.35, to], [k + 0.35, from]];

  // As opaque as the bars of the drawn figure, which an area is not.
  const bar = (plane, k, height) => plane.area(box(k, 0, height), `c${k}`).replace("area", "mark");

  const number = (plane, k, place, pixels, x) =>
    plane.label([k, place + pixels * (plane.y.to - plane.y.from) / plane.up], rounded(x, 2));

  // The numbers stand on the other side of zero, `far` from it: there is no bar, nor its handle.
  const signed = (plane, heights, far) => [
    plane.grid(),
    plane.line([[-0.6, 0], [2.6, 0]], "thin"),
    heights.map((x, k) => bar(plane, k, x) + number(plane, k, 0, x < 0 ? far : -9 - far, x)).join(""),
  ];

  return {
    computed,

    controls: [
      { key: "z0", label: "score of class 0", from: -3, to: 3, step: 0.05, start: 0.85 },
      { key: "z1", label: "score of class 1", from: -3, to: 3, step: 0.05, start: -0.25 },
      { key: "z2", label: "score of class 2", from: -3, to: 3, step: 0.05, start: 0.1 },
      { key: "c", label: "added to all, c", from: -1, to: 1, step: 0.05, start: 0 },
      { key: "tau", label: "temperature τ", from: 0.1, to: 10, step: 0.05, log: true, start: 1 },
      { key: "label", label: "true class", choices: ["class 0", "class 1", "class 2"], start: 0 },
    ],

    settings: {
      "sure and right": { values: { z0: 3, z1: -2, z2: -1, label: 0 } },
      "sure and wrong": { values: { z0: 3, z1: -2, z2: -1, label: 1 } },
      "low temperature": { values: { tau: 0.1, label: 2 } },
    },

    begin: () => null,

    handles: (model, values) =>
      computed(values).z.map((each, k) => ({ panel: 0, name: `z${k}`, at: [k, each] })),

    move(handle, [, height], model, values) {
      const score = Math.round(20 * (height - values.c)) / 20;
      values[handle] = Math.max(-3, Math.min(3, score));
    },

    draw(model, values) {
      const { z, t, y, slope } = computed(values);
      // A number that would cross the dashed line stands above it.
      const top = (k) => (t[k] === 1 && y[k] > 0.85 ? 1 : y[k]);
      return [
        {
          plane: scores,
          name: "The scores of the classes 0, 1 and 2, as bars with a ring at the end to drag",
          layers: signed(scores, z, 13),
        },
        {
          plane: shares,
          name: "The probabilities of the classes, as bars; dashed, what the true class lacks of 1",
          layers: [
            shares.grid(),
            shares.line(box(values.label, y[values.label], 1), "dashed"),
            y.map((x, k) => bar(shares, k, x) + number(shares, k, top(k), 5, x)).join(""),
          ],
        },
        {
          plane: slopes(values.tau),
          name: "The derivative of the loss with respect to each score, as bars up and down from zero",
          layers: signed(slopes(values.tau), slope, 5),
        },
      ];
    },

    say(model, values) {
      const { powers, y, loss, slope } = computed(values);
      return [
        ["exponentials of (z + c)/τ", powers.map((each) => live.text(each, 2)).join(", ")],
        ["their sum", live.text(sum(powers), 2)],
        ["y", list(y)],
        ["loss ξ", `${live.text(loss)} nats`],
        ["∂ξ/∂z", list(slope)],
        ["sum of ∂ξ/∂z", rounded(sum(slope), 3)],
      ];
    },
  };
})();
