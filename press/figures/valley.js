"use strict";

// Chapter 4: gradient descent on the loss surface of one hidden unit, from any start.
live.figures.valley = (() => {
  const { rbf, sigmoid, binaryCrossEntropy, sum } = maths;

  const forward = ([w, b], x) => {
    const z1 = x * w; // (4.1)
    const h = rbf(z1); // (4.3)
    const z2 = h + b; // (4.4)
    return { z1, h, z2, y: sigmoid(z2) }; // (4.5)
  };

  const objective = (params, { x, t }) =>
    sum(x.map((each, n) => binaryCrossEntropy(forward(params, each).z2, t[n]))) / x.length; // (2.7)

  const backward = (params, { x, t }) => {
    let [dw, db] = [0, 0];
    x.forEach((each, n) => {
      const { z1, h, y } = forward(params, each);
      const dz2 = (y - t[n]) / x.length; // (4.6)
      const dz1 = dz2 * (-2 * h * z1); // (4.8), (4.10)
      dw += dz1 * each; // (4.11)
      db += dz2; // (4.7)
    });
    return [dw, db];
  };

  const right = (params, x, t) => (forward(params, x).z2 >= 0) === (t === 1);

  const descend = ({ w, b, eta, steps }, data) => {
    const path = [[w, b]];
    for (let i = 0; i < steps; i++) {
      const place = path.at(-1);
      const grads = backward(place, data);
      path.push(place.map((p, k) => p - eta * grads[k])); // (2.14)
    }
    return path;
  };

  const map = live.plane({
    x: { from: -3, to: 3, label: "weight w" },
    y: { from: -2.5, to: 1.5, label: "bias b", ticks: [-2, -1, 0, 1] },
  });
  const bell = live.plane({
    x: { from: -3.2, to: 3.2, label: "input x (dimensionless)", ticks: [-2, 0, 2] },
    y: { from: -0.15, to: 1, label: "output y, bell h (dimensionless)", ticks: [0, 0.5, 1] },
  });
  const [LOWEST, RISE] = [0.52, 0.04];
  const LEVELS = Array.from({ length: 27 }, (_, k) => LOWEST + RISE * k);
  const INPUTS = Array.from({ length: 129 }, (_, k) => -3.2 + k / 20);

  return {
    descend,

    last: (model, { steps }) => live.rest(steps, 100),
    pace: 4,

    controls: [
      { key: "eta", label: "step size η", from: 0.2, to: 20, step: 0.02, log: true, digits: 1, start: 2 },
      { key: "w", label: "start, w", from: -3, to: 3, step: 0.1, digits: 1, start: 2.3 },
      { key: "b", label: "start, b", from: -2.5, to: 1.5, step: 0.1, digits: 1, start: 1.4 },
      { key: "steps", label: "steps", from: 0, to: 100, step: 1, digits: 0, start: 20 },
    ],

    again: () => ({ steps: 0 }),

    settings: {
      "fifty steps": { values: { steps: 0 }, steps: 50 },
      "from the other side": { values: { w: -2.3, steps: 0 }, steps: 20 },
      "on the ridge": { values: { w: 0, steps: 0 }, steps: 50 },
    },

    begin(values, data) {
      return { surface: map.contours((w, b) => objective([w, b], data), LEVELS) };
    },

    step(model, values) {
      values.steps = live.next(values.steps, 100);
    },

    handles: (model, values) => [{ panel: 0, name: "start", at: [values.w, values.b] }],

    move(handle, [w, b], model, values) {
      values.w = Math.max(-3, Math.min(3, w));
      values.b = Math.max(-2.5, Math.min(1.5, b));
    },

    draw({ surface }, values, data) {
      const path = descend(values, data);
      const end = path.at(-1);
      const inputs = (k) => data.x.filter((_, n) => data.t[n] === k).map((x) => [x, -0.08]);
      const wrong = data.x.filter((x, n) => !right(end, x, data.t[n])).map((x) => bell.ring([x, -0.08], 7));
      const outside = Math.abs(end[0]) > 3 || end[1] < -2.5 || end[1] > 1.5;
      const curve = (key) => INPUTS.map((x) => [x, forward(end, x)[key]]);
      return [
        {
          plane: map,
          name: "A map of the objective with lines of equal height, and the path of the descent to a star",
          layers: [
            `${map.grid()}<text x="0" y="-2" class="start">a line for every ${live.text(RISE, 2)} nats from ${
              live.text(LOWEST, 2)}</text>`,
            surface,
            map.line(path, "c1") + map.marks(path, ".", "c1") + map.marks([end], "*", "c1")
              + (outside ? map.note("ends outside the map") : ""),
          ],
        },
        {
          plane: bell,
          name: "The output (thick) and the bell (dashed) over the input; the samples, circles of class 1 and "
            + "crosses of class 0, at the bottom, those on the wrong side ringed",
          layers: [
            bell.grid(),
            bell.marks(inputs(1), "o", "c0") + bell.marks(inputs(0), "x", "c1")
              + bell.line([[-3.2, 0.5], [3.2, 0.5]], "thin dashed"),
            bell.line(curve("h"), "c2 dashed") + bell.line(curve("y"), "c2 thick") + wrong.join(""),
          ],
        },
      ];
    },

    say(model, values, data) {
      const path = descend(values, data);
      const end = path.at(-1);
      const count = data.x.filter((x, n) => right(end, x, data.t[n])).length;
      return [
        ["step", String(values.steps)],
        ["w", live.text(end[0], 2)],
        ["b", live.text(end[1], 2)],
        ["objective J", `${live.text(objective(end, data))} nats`],
        ["right", `${count} of ${data.x.length}`],
      ];
    },
  };
})();
