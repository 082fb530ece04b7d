"use strict";

// Chapter 8: a line of `backward` is broken; what the loss shows of it, and what the check shows.
live.figures.broken = (() => {
  const [ETA, LAMBDA, EPS, LIMIT] = [1, 1e-3, 1e-5, 1e-6];
  const STEPS = 599; // to the last of the chapter's 600 losses
  const GRADS = ["dW1", "db1", "dW2", "db2"];

  const LINES = [
    "dZ2 = (Y - T) / len(X)",
    "dW2 = H.T @ dZ2 + lam * W2",
    "db2 = dZ2.sum(axis=0)",
    "",
    "dH = dZ2 @ W2.T",
    "dZ1 = dH * relu_derivative(Z1)",
    "dW1 = X.T @ dZ1 + lam * W1",
    "db1 = dZ1.sum(axis=0)",
  ];

  // What takes the place of a line, by its index.
  const MISTAKES = {
    "right": {},
    "late": { 3: "W2 = W2 - eta * dW2" },
    "no slope": { 5: "dZ1 = dH * (H >= 0)" },
    "2λ": { 1: "dW2 = H.T @ dZ2 + 2 * lam * W2", 6: "dW1 = X.T @ dZ1 + 2 * lam * W1" },
    "mean of biases": { 2: "db2 = dZ2.mean(axis=0)", 7: "db1 = dZ1.mean(axis=0)" },
    "sum": { 0: "dZ2 = Y - T" },
    "no penalty": { 1: "dW2 = H.T @ dZ2", 6: "dW1 = X.T @ dZ1" },
    "sign of dH": { 4: "dH = -dZ2 @ W2.T" },
  };
  const names = Object.keys(MISTAKES);

  // ---- Mathematics ---------------------------------------------------------------------

  const { from, map, dot, transpose, sumOfRows, gradientStep } = maths;
  const { forward, objective } = maths.network("relu", "softmax");

  const backward = (name, [W1, , W2], X, T, lam, { Z, A }) => {
    const divisor = name === "sum" ? 1 : X.rows;
    const count = name === "mean of biases" ? X.rows : 1;
    const penalty = lam * ({ "2λ": 2, "no penalty": 0 }[name] ?? 1);
    const sign = name === "sign of dH" ? -1 : 1;
    const weights = (dW, W) => map((dw, w) => dw + penalty * w, dW, W);
    const biases = (dZ) => map((db) => db / count, sumOfRows(dZ));
    const dZ2 = map((y, t) => (y - t) / divisor, A[2], T); // (5.7)
    const dW2 = weights(dot(transpose(A[1]), dZ2), W2); // (5.8)
    const db2 = biases(dZ2); // (5.9)
    const [used] = name === "late" ? gradientStep([W2], [dW2], ETA) : [W2];
    const dH = map((dh) => sign * dh, dot(dZ2, transpose(used))); // (5.10)
    const dZ1 = name === "no slope" ? dH : map((dh, z) => (z > 0 ? dh : 0), dH, Z[1]); // (5.12)
    const dW1 = weights(dot(transpose(X), dZ1), W1); // (5.13)
    const db1 = biases(dZ1); // (5.14)
    return [dW1, db1, dW2, db2];
  };

  const evaluate = (name, params, X, T, lam) => {
    const pass = forward(params, X);
    return { J: objective(params, X, T, lam, pass), grads: backward(name, params, X, T, lam, pass) };
  };

  const numerical = (f, params) => params.map((P, k) => P.a.map((p, i) => {
    const at = (x) => f(params.map((Q, m) => (m === k ? { ...Q, a: Q.a.with(i, x) } : Q)));
    return (at(p + EPS) - at(p - EPS)) / (2 * EPS); // (1.2)
  }));

  const relativeError = (a, b) => {
    const larger = Math.max(Math.hypot(...a), Math.hypot(...b));
    return larger ? Math.hypot(...a.map((x, i) => x - b[i])) / larger : 0; // (1.3)
  };

  const parameters = (W1, b1, W2, b2) => [W1, [b1], W2, [b2]].map(from);

  const check = (name, data) => {
    const [X, T] = [from(data.X), from(data.T)];
    const params = parameters(data.W1, data.b1, data.W2, data.b2);
    const { grads } = evaluate(name, params, X, T, data.lam);
    const slopes = numerical((other) => objective(other, X, T, data.lam), params);
    return grads.map((each, k) => relativeError(each.a, slopes[k]));
  };

  // The three arms of the spiral, from their angles.
  const spiral = ({ angle }) => [
    angle.map((each, n) => [Math.sin(each), Math.cos(each)].map((x) => (n % 100) / 99 * x)),
    angle.map((_, n) => [0, 1, 2].map((k) => Number(k === Math.floor(n / 100)))),
  ].map(from);

  const begin = ({ mistake }, data) => {
    const [name, [X, T]] = [names[mistake], spiral(data)];
    const params = parameters(data.start_W1, data.start_b1, data.start_W2, data.start_b2);
    const now = evaluate(name, params, X, T, LAMBDA);
    return { X, T, params, now, losses: [now.J], errors: check(name, data) };
  };

  // ---- Drawing -------------------------------------------------------------------------

  const plane = live.plane({
    x: { from: 0, to: 600, label: "step" },
    y: { from: 0.2, to: 1.13, label: "objective J (nats)" },
    height: 308,
  });
  const sheet = live.plane({ x: { from: 0, to: 246, label: "" }, y: { from: 254, to: 0, label: "" }, width: 310, height: 308 });
  const bars = live.plane({
    x: { from: 1e-12, to: 10, log: true, label: "relative error of each derivative" },
    y: { from: -0.5, to: 3.5, label: "", ticks: [3, 2, 1, 0], names: GRADS },
    width: 310, height: 152,
  });

  const STYLES = ["c0", "c1 dashed", "c2", "c3", "c4"]; // as in the still figure

  const legend = (rows) => rows.map(([kind, words], i) => {
    const y = 50 + 15 * i;
    return `<path class="${kind} line" d="M92 ${y}h24"/><text class="start" x="122" y="${y + 4}">${words}</text>`;
  }).join("");

  const code = (y, words, kind, line = "none") => sheet.label([-28, y],
    `<tspan font-family="monospace" text-decoration="${line}">${words}</tspan>`, kind);

  const listing = (changed) => {
    const rows = LINES.flatMap((line, i) => (i in changed ? [[line, "old"], [changed[i], "wrong"]] : [[line]]));
    return rows.filter(([line, how]) => line || how !== "old").map(([line, how], i) => {
      const y = 14.5 * i;
      if (how === "old") return code(y, line, "start faint", "line-through");
      return code(y, line, "start") + (how ? sheet.marks([[-38, y - 4]], "x", "c1") : "");
    }).join("");
  };

  const verdict = (error) => `${live.text(error, 2)} ${error < LIMIT ? "ok" : "wrong"}`;

  const errorBars = (errors) => errors.map((error, k) => {
    const [left, x, y] = [bars.x.from, Math.max(error, bars.x.from), 3 - k];
    const [colour, shape] = error < LIMIT ? ["c2", "o"] : ["c1", "x"];
    return bars.area([[left, y - 0.35], [x, y - 0.35], [x, y + 0.35], [left, y + 0.35]], colour)
      + bars.marks([[x, y]], shape, colour)
      + bars.label([2e-6, y - 0.17], verdict(error), "start");
  }).join("");

  return {
    last: ({ losses }) => live.rest(losses.length - 1, STEPS),
    fast: true,

    controls: [{ key: "mistake", label: "gradient", choices: names, start: 0, restarts: true }],

    again: () => ({}),

    settings: Object.fromEntries(["late", "no slope", "mean of biases"].map((name) =>
      [name, { values: { mistake: names.indexOf(name) }, steps: STEPS }])),

    begin,

    step(model, values, data) {
      if (model.losses.length > STEPS) return Object.assign(model, begin(values, data));
      const { X, T, params, now } = model;
      model.params = gradientStep(params, now.grads, ETA);
      model.now = evaluate(names[values.mistake], model.params, X, T, LAMBDA);
      model.losses.push(model.now.J);
    },

    draw({ losses, errors }, { mistake }, data) {
      const J = losses.at(-1);
      const [name, style] = [names[mistake], STYLES[mistake] ?? "ink"];
      return [
        {
          plane,
          name: "The objective over the steps: a thick line for this run, a thin one for the right gradient",
          layers: [
            plane.grid() + legend([["c0", "the right gradient"], [`${style} thick`, `this run: ${name}`]]),
            plane.line(data.right),
            plane.line(losses.map((each, step) => [step, each]), `${style} thick`)
              + plane.marks([[losses.length - 1, J]], "o", style)
              + (J > plane.y.to ? plane.label([0.98 * plane.x.to, 1.07], `J = ${live.text(J, 2)} nats ↑`, "end") : ""),
          ],
        },
        {
          plane: sheet,
          name: "The lines of backward, wrong ones marked by a cross; under them, for each derivative, a bar of its "
            + "relative error, which ends in a circle if it is below the limit, else in a cross",
          layers: [
            `${listing(MISTAKES[name])}<g transform="translate(0 156)">${bars.grid()}${
              bars.line([[LIMIT, -0.5], [LIMIT, 3.5]], "dashed")}${bars.label([LIMIT, 3.6], "limit")}${
              errorBars(errors)}</g>`,
          ],
        },
      ];
    },

    say({ losses, errors }, { mistake }, data) {
      return [
        ["step", String(losses.length - 1)],
        ["objective J", `${live.text(losses.at(-1), 2)} nats`],
        ["right gradient, step 599", `${live.text(data.right.at(-1)[1], 2)} nats`],
        ...errors.map((each, k) => [GRADS[k], verdict(each)]),
        ["wrong line", Object.values(MISTAKES[names[mistake]]).join("; ") || "none"],
      ];
    },
  };
})();
