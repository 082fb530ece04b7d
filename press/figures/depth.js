"use strict";

// Chapter 7: the sizes of what goes forward and of what comes back, layer after layer.
live.figures.depth = (() => {
  const { generator, normal, map, dot, transpose, relu, sigmoid } = maths;
  const SAMPLES = 8; // for 100, as in the chapter, 30 layers would not follow a slider

  const FUNCTIONS = [
    [relu, (z) => (z > 0 ? 1 : 0)], // (5.2), (5.11)
    [sigmoid, (z) => sigmoid(z) * sigmoid(-z)], // (2.2), (2.9)
  ];

  const size = (table) => Math.sqrt(table.a.reduce((total, x) => total + x * x, 0) / table.a.length);

  // They are kept while s and L change: s scales the weights, and each layer more draws its own.
  let last = {};
  const numbers = ({ seed, m, L }) => {
    if (last.seed !== seed || last.m !== m) {
      const next = generator(seed);
      last = { seed, m, next, X: normal(next, SAMPLES, m, 1), dA: normal(next, SAMPLES, m, 1), W: [null] };
    }
    while (last.W.length <= L) last.W.push(normal(last.next, m, m, 1));
    return last;
  };

  const compute = (model, values) => {
    const { L, s } = values;
    const { X, dA: sent, W } = numbers(values);
    const [activation, slope] = FUNCTIONS[values.activation];
    const Z = [null];
    for (let l = 1; l <= L; l++) {
      const A = l > 1 ? map(activation, Z[l - 1]) : X; // (7.7)
      Z.push(map((x) => s * x, dot(A, W[l]))); // (7.6)
    }
    const back = [];
    let dA = sent;
    for (let l = L; l >= 1; l--) {
      const dZ = map((da, z) => da * slope(z), dA, Z[l]); // (7.18)
      back.unshift(size(dZ));
      if (l > 1) dA = map((x) => s * x, dot(dZ, transpose(W[l])));
    }
    model.forward = Z.slice(1).map(size);
    model.back = back.map((each) => each / back.at(-1));
  };

  // From one layer to the next, or to the one before it.
  const predicted = ({ m, s, activation }) =>
    Math.sqrt((activation ? 1 / 16 : 1 / 2) * m * s ** 2); // (7.26), (7.27)

  const level = (m) => Math.sqrt(2 / m); // (7.25)

  // The sizes in the first and the last layer; nothing predicts the Z of the logistic function.
  const lines = (values) => {
    const { L, m, s, activation } = values;
    const power = predicted(values) ** (L - 1);
    const first = Math.sqrt(m) * s; // (7.23)
    return [activation ? [] : [[1, first], [L, first * power]], [[1, power], [L, 1]]];
  };

  // 1 in the middle, so that one look tells whether a size falls, stays or rises.
  const planes = (model, values) => {
    const { L } = values;
    const sizes = [...model.forward, ...model.back, ...lines(values).flat().map(([, each]) => each)];
    const powers = sizes.map((each) => Math.abs(Math.log10(each)));
    const end = 10 ** (6 * Math.ceil(Math.max(...powers) / 6));
    const apart = Math.ceil((L - 1) / 3);
    const ticks = [1];
    for (let l = L; l > 1; l -= apart) ticks.push(l);
    const x = { from: 0.5, to: L + 0.5, label: "hidden layer l", ticks };
    return ["size of Z (dimensionless)", `size of dZ over that in layer ${L}`].map((label) =>
      live.plane({ x, y: { from: 1 / end, to: end, log: true, label }, width: 300 }));
  };

  const legend = (plane, x, rows) => rows.map(([kind, words], i) => {
    const y = plane.up - 12 - 16 * (rows.length - 1 - i);
    return `<path class="${kind} line" d="M${x} ${y}h22"/>`
      + `<text x="${x + 28}" y="${y + 4}" class="start">${words}</text>`;
  }).join("");

  const factor = ([first, ...others]) => (others.at(-1) / first) ** (1 / others.length);

  const short = (x) => {
    const power = Math.floor(Math.log10(x));
    return power < -4 ? live.text(x) : live.text(x, Math.max(0, 1 - power)); // of two digits
  };

  return {
    controls: [
      { key: "s", label: "spread s", from: 0.03, to: 0.5, step: 0.005, log: true, digits: 3, start: 0.05 },
      { key: "L", label: "hidden layers", from: 2, to: 30, step: 1, digits: 0, start: 10 },
      { key: "m", label: "width m", from: 20, to: 100, step: 10, digits: 0, start: 100 },
      { key: "seed", label: "draw", from: 0, to: 9, step: 1, digits: 0, start: 0 },
      { key: "activation", label: "activation", choices: ["ReLU", "logistic function"], start: 0 },
    ],

    settings: {
      "a little too small": { values: { s: 0.1, L: 20 } },
      "√(2/m)": { values: { s: level(100), L: 20 } },
      "a little too large": { values: { s: 0.2, L: 20 } },
    },

    begin(values) {
      const model = {};
      compute(model, values);
      return model;
    },

    changed: compute,

    draw(model, values) {
      const { m, activation } = values;
      const measured = [["c0", "measured"]];
      const limit = ["dashed thin", "limit"];
      const both = [["dashed thin", "predicted"], ["c2", "s = √(2/m)"]];
      const levels = activation ? [[], []] : lines({ ...values, s: level(m) });
      const panel = (i, name, sizes, left, words) => {
        const plane = planes(model, values)[i];
        const points = sizes.map((each, k) => [k + 1, each]);
        return {
          plane,
          name: `${name} in each hidden layer, circles; dashed, what is predicted, or its limit`,
          layers: [
            plane.grid() + legend(plane, left, [...measured, ...words]),
            plane.line(levels[i], "c2"),
            plane.line(points) + plane.marks(points, "o") + plane.line(lines(values)[i], "thin dashed"),
          ],
        };
      };
      return [
        panel(0, "The size of Z", model.forward, 8, activation ? [] : both),
        panel(1, "The size of dZ over that in the last", model.back, 136, activation ? [limit] : both),
      ];
    },

    say(model, values) {
      const word = values.activation ? "limit" : "predicted";
      const f = predicted(values);
      const forward = live.text(factor(model.forward));
      return [
        ["√(2/m)", live.text(level(values.m))],
        ["a layer forward", `×${forward}` + (values.activation ? "" : `, ${word} ×${live.text(f)}`)],
        ["a layer back", `×${live.text(1 / factor(model.back))}, ${word} ×${live.text(f)}`],
        ["dZ in layer 1", `${short(model.back[0])}, ${word} ${short(f ** (values.L - 1))}`],
      ];
    },
  };
})();
