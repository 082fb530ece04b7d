"use strict";

// Chapter 2: the line of one unit, dragged by hand or moved by gradient descent.
live.figures.unit = (() => {
  const { network, from, table, at, row, sigmoid, gradientStep } = maths;
  const { forward, objective, backward } = network("relu", "sigmoid");
  const plane = live.plane({
    x: { from: -4, to: 4, label: "input x₁ (dimensionless)" },
    y: { from: -3.5, to: 3.5, label: "input x₂ (dimensionless)" },
    height: 316,
  });
  const trace = (J) => live.plane({
    x: { from: 0, to: Math.max(20, J.length - 1), label: "step" },
    y: { from: 0, to: Math.max(1.6, ...J), label: "objective J (nats)" },
    height: 316,
  });

  const params = ({ w1, w2, b }) => [table(2, 1, Float64Array.of(w1, w2)), table(1, 1, Float64Array.of(b))];

  // The point of the line that is nearest to the origin, and the one that lies w from there.
  const foot = ({ w1, w2, b }) => {
    const squared = w1 * w1 + w2 * w2;
    return [-b * w1 / squared, -b * w2 / squared];
  };
  const tip = (values) => foot(values).map((each, d) => each + [values.w1, values.w2][d]);

  const losses = (model, values) => [...model.losses, objective(params(values), model.X, model.T)];

  // A line that the reader has moved is where the steps begin.
  const anew = (model, { w1, w2, b }) => Object.assign(model, { losses: [], start: { w1, w2, b } });

  const shade = (values) => {
    const [columns, rows] = [46, 44];
    const colours = [];
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        const [x1, x2] = [-4 + 8 * (j + 0.5) / columns, 3.5 - 7 * (i + 0.5) / rows];
        const y = sigmoid(values.w1 * x1 + values.w2 * x2 + values.b);
        colours.push(128, 128, 128, 128 * y);
      }
    }
    return { columns, rows, colours };
  };

  return {
    last: 100,
    pace: 3,

    controls: [
      { key: "eta", label: "step size η", from: 0.1, to: 100, step: 0.05, log: true, digits: 2, start: 1 },
      { key: "w1", label: "weight w₁", from: -4, to: 4, step: 0.05, start: 1.7 },
      { key: "w2", label: "weight w₂", from: -4, to: 4, step: 0.05, start: 1.5 },
      { key: "b", label: "bias b", from: -4, to: 4, step: 0.05, start: -0.25 },
      { key: "sample", label: "sample", from: 0, to: 99, step: 1, digits: 0, start: 55 },
    ],

    again: ({ start }) => start,

    settings: {
      "far below the limit": { values: { eta: 0.5, w1: -1.5, w2: 1, b: 1 }, steps: 100 },
      "below the limit": { values: { eta: 19, w1: -1.5, w2: 1, b: 1 }, steps: 100 },
      "above the limit": { values: { eta: 21, w1: -1.5, w2: 1, b: 1 }, steps: 100 },
    },

    begin: ({ w1, w2, b }, data) => (
      { X: from(data.X), T: from(data.t.map((each) => [each])), losses: [], start: { w1, w2, b } }),

    step(model, values) {
      model.losses = losses(model, values);
      const before = params(values);
      const [W, b] = gradientStep(before, backward(before, model.X, model.T), values.eta);
      Object.assign(values, { w1: W.a[0], w2: W.a[1], b: b.a[0] });
    },

    changed(model, values, data, key) {
      if (key !== "eta" && key !== "sample") anew(model, values);
    },

    handles: (model, values) => (values.w1 || values.w2
      ? [{ panel: 0, name: "line", at: foot(values) }, { panel: 0, name: "tip", at: tip(values) }]
      : []),

    move(handle, [x1, x2], model, values) {
      if (handle === "line") values.b = -(values.w1 * x1 + values.w2 * x2);
      else {
        const [f1, f2] = foot(values);
        const [w1, w2] = [x1 - f1, x2 - f2];
        if (Math.hypot(w1, w2) > 0.05) Object.assign(values, { w1, w2, b: -(w1 * f1 + w2 * f2) });
      }
      anew(model, values);
    },

    pick(panel, [x1, x2], model, values, data) {
      if (panel !== 0) return;
      const far = data.X.map(([a, c]) => Math.hypot(a - x1, c - x2));
      values.sample = far.indexOf(Math.min(...far));
    },

    draw(model, values, data) {
      const { w1, w2, b, sample } = values;
      const of = (k) => data.X.filter((_, n) => data.t[n] === k);
      const [f1, f2] = foot(values);
      const far = 20 / Math.hypot(w1, w2);
      const line = plane.line([[f1 - far * w2, f2 + far * w1], [f1 + far * w2, f2 - far * w1]], "c2 thick");
      const scores = [-4, 4].flatMap((x1) => [-3.5, 3.5].map((x2) => w1 * x1 + w2 * x2 + b));
      const outside = Math.min(...scores) > 0 || Math.max(...scores) < 0;
      const J = losses(model, values);
      const curve = trace(J);
      return [
        {
          plane,
          name: "The samples, shaded by the probability of class 1, and the line on which it is one half",
          shade: shade({ w1, w2, b }),
          layers: [
            plane.grid(),
            plane.marks(of(1), "o", "c0") + plane.marks(of(0), "x", "c1"),
            line + plane.arrow(foot(values), tip(values), "c2") + plane.ring(data.X[sample], 9)
              + (outside ? plane.note("the line is outside the picture") : ""),
          ],
        },
        {
          plane: curve,
          name: "The objective over the steps",
          layers: [curve.grid(), curve.line(J.map((each, step) => [step, each])) + curve.marks([[J.length - 1, J.at(-1)]], "o")],
        },
      ];
    },

    say(model, values) {
      const { Z, A } = forward(params(values), model.X);
      const n = values.sample;
      const [z, y, t] = [at(Z[1], n, 0), at(A[1], n, 0), at(model.T, n, 0)];
      const right = Array.from(A[1].a).filter((each, i) => (each >= 0.5) === (model.T.a[i] === 1)).length;
      return [
        ["step", String(model.losses.length)],
        ["objective J", `${live.text(losses(model, values).at(-1))} nats`],
        ["right", `${right} of 100`],
        [`sample ${n}, class`, String(t)],
        ["z", live.text(z, 2)],
        ["y", live.text(y)],
        ["loss ξ", `${live.text(maths.binaryCrossEntropy(z, t))} nats`],
        ["∂ξ/∂w", row(model.X, n).map((x) => live.text((y - t) * x, 2)).join(", ")],
        ["∂ξ/∂b", live.text(y - t, 2)],
      ];
    },
  };
})();
