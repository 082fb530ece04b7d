"use strict";

// Chapter 5: the regions of a hidden layer, while it is trained and while one line is moved.
live.figures.spiral = (() => {
  const N = 300;
  const [TRAINED, SCALED, SMALL] = [0, 1, 2];
  const SIDE = 80; // places in a row and in a column of the lattice
  const ARROW = 0.3;
  const REACH = 1.1;
  const COLOURS = [[0, 114, 178, 70], [213, 94, 0, 70], [0, 158, 115, 70]];

  const plane = live.plane({
    x: { from: -1.3, to: 1.3, label: "input x₁ (dimensionless)" },
    y: { from: -1.2, to: 1.2, label: "input x₂ (dimensionless)" },
    height: 309,
  });

  const trace = (steps, losses) => {
    const seen = losses.filter(Number.isFinite);
    const [least, most] = [Math.min(0.1, ...seen), Math.max(10, ...seen)];
    const usual = least === 0.1 && most === 10;
    return live.plane({
      x: { from: 0, to: Math.max(1100, 1.1 * steps), label: "step" },
      y: {
        from: 10 ** Math.floor(Math.log10(least)), to: 10 ** Math.ceil(Math.log10(most)),
        log: true, ticks: usual ? [0.1, 0.2, 0.5, 1, 2, 5, 10] : undefined, label: "objective J (nats)",
      },
      height: 309,
    });
  };

  const label = (n) => Math.floor(n / 100);

  // The spiral, wound as in the library, shaken by the first of the normal random numbers.
  const spiral = (normal) => Float64Array.from({ length: 2 * N }, (_, i) => {
    const n = i >> 1;
    const angle = 4 * label(n) + (n % 100) * (4 / 99) + 0.2 * normal[n];
    return ((n % 100) / 99) * (i % 2 ? Math.cos(angle) : Math.sin(angle));
  });

  // The objective, its gradient, the samples that are right, and for how many samples each
  // unit is active; all samples in one loop.
  const pass = (params, X, lam) => {
    const [W1, b1, W2, b2] = params;
    const M = b1.length;
    const grads = params.map((each) => new Float64Array(each.length));
    const [dW1, db1, dW2, db2] = grads;
    const h = new Float64Array(M);
    const active = new Float64Array(M);
    const [z2, dz2] = [b2.slice(), b2.slice()];
    let [xi, right] = [0, 0];
    for (let n = 0; n < N; n++) {
      const [x1, x2, own] = [X[2 * n], X[2 * n + 1], label(n)];
      z2.set(b2);
      for (let m = 0; m < M; m++) {
        const z1 = x1 * W1[m] + x2 * W1[M + m] + b1[m]; // (5.1)
        h[m] = Math.max(z1, 0); // (5.2), (5.3)
        for (let k = 0; k < 3; k++) z2[k] += h[m] * W2[3 * m + k]; // (5.4)
      }
      const top = Math.max(z2[0], z2[1], z2[2]);
      const all = Math.exp(z2[0] - top) + Math.exp(z2[1] - top) + Math.exp(z2[2] - top);
      xi += top + Math.log(all) - z2[own]; // (3.3), (3.4)
      if (z2.indexOf(top) === own) right++;
      for (let k = 0; k < 3; k++) {
        const y = Math.exp(z2[k] - top) / all; // (5.5)
        dz2[k] = (y - (k === own ? 1 : 0)) / N; // (5.7)
        db2[k] += dz2[k]; // (5.9)
      }
      for (let m = 0; m < M; m++) {
        if (h[m] === 0) continue; // (5.11), (5.12)
        active[m]++;
        let dh = 0;
        for (let k = 0; k < 3; k++) {
          dW2[3 * m + k] += h[m] * dz2[k]; // (5.8)
          dh += dz2[k] * W2[3 * m + k]; // (5.10)
        }
        dW1[m] += x1 * dh; // (5.13)
        dW1[M + m] += x2 * dh;
        db1[m] += dh; // (5.14)
      }
    }
    let squares = 0;
    for (const [W, dW] of [[W1, dW1], [W2, dW2]]) {
      for (let i = 0; i < W.length; i++) {
        squares += W[i] * W[i];
        dW[i] += lam * W[i]; // (5.8), (5.13)
      }
    }
    return { J: xi / N + (lam / 2) * squares, grads, right, active }; // (5.6)
  };

  const split = (numbers, M) => [[0, 2 * M], [2 * M, 3 * M], [3 * M, 6 * M], [6 * M]].map((ends) =>
    Float64Array.from(numbers.slice(...ends)));

  // The chapter's own random numbers, or the generator's.
  const drawn = ({ units, start, spread }, { normal }) => {
    let next = spread === SMALL ? 324 : 0;
    const draw = start ? maths.generator(start) : () => normal[next++];
    const [first, second] = spread === SMALL ? [0.01, 0.01] : [1, Math.sqrt(2 / units)];
    const W1 = maths.normal(draw, 2, units, first).a;
    const W2 = maths.normal(draw, units, 3, second).a;
    return [W1, new Float64Array(units), W2, new Float64Array(3)];
  };

  // The line of unit m, by the direction of its w in degrees and its distance from the centre.
  const line = ([W1, b1], m) => {
    const [w1, w2] = [W1[m], W1[b1.length + m]];
    return { angle: Math.atan2(w2, w1) * 180 / Math.PI, distance: -b1[m] / Math.hypot(w1, w2) };
  };

  const unit = (angle) => [Math.cos(angle * Math.PI / 180), Math.sin(angle * Math.PI / 180)];

  // All that follows from the parameters.
  const look = (model, values) => {
    Object.assign(model, pass(model.params, model.X, values.lam), { grip: null });
    Object.assign(values, line(model.params, values.unit - 1));
  };

  const place = (model, values, angle, distance) => {
    const [W1, b1] = model.params;
    const [m, M] = [values.unit - 1, b1.length];
    const length = Math.hypot(W1[m], W1[M + m]);
    const [u1, u2] = unit(angle);
    [W1[m], W1[M + m], b1[m]] = [length * u1, length * u2, -length * distance];
    look(model, values);
  };

  const begin = (values, data) => {
    const trained = values.spread === TRAINED;
    if (trained) Object.assign(values, { units: 10, start: 0 });
    values.unit = Math.min(values.unit, values.units);
    const model = {
      X: spiral(data.normal),
      params: trained ? split(data.trained, 10) : drawn(values, data),
      steps: trained ? 1000 : 0,
      losses: trained ? data.losses.slice() : [], // before every tenth step
    };
    look(model, values);
    return model;
  };

  // Where the line is held: where the reader left it, or else nearest to the centre.
  const grip = (model, { angle, distance }) => model.grip ?? unit(angle).map((each) => distance * each);
  const tip = (model, values) => {
    const u = unit(values.angle);
    return grip(model, values).map((each, d) => each + ARROW * u[d]);
  };

  const across = ({ angle, distance }, kind) => {
    const [u1, u2] = unit(angle);
    const ends = [-3, 3].map((far) => [distance * u1 - far * u2, distance * u2 + far * u1]);
    return Math.abs(distance) < 3 ? plane.line(ends, kind) : "";
  };

  // Along a row the scores are affine between the lines: at each column stands by how much
  // their values at x₁ = 0 and their slopes change there.
  const shade = ([W1, b1, W2, b2]) => {
    const M = b1.length;
    const colours = new Uint8ClampedArray(4 * SIDE * SIDE);
    for (let i = 0; i < SIDE; i++) {
      const changes = new Float64Array(6 * (SIDE + 1));
      const change = (column, m, slope, value) => {
        for (let k = 0; k < 3; k++) {
          changes[6 * column + k] += value * W2[3 * m + k];
          changes[6 * column + 3 + k] += slope * W2[3 * m + k];
        }
      };
      for (let m = 0; m < M; m++) {
        const [w, value] = [W1[m], (1.2 - 2.4 * (i + 0.5) / SIDE) * W1[M + m] + b1[m]];
        const crossed = Math.ceil((1.3 - value / w) / 2.6 * SIDE - 0.5);
        const column = Math.max(0, Math.min(SIDE, crossed));
        if (w < 0) change(0, m, w, value); // active up to the line, else from there on
        change(column, m, Math.abs(w), w < 0 ? -value : value);
      }
      const s = Float64Array.of(...b2, 0, 0, 0);
      for (let j = 0; j < SIDE; j++) {
        for (let k = 0; k < 6; k++) s[k] += changes[6 * j + k];
        const x = -1.3 + 2.6 * (j + 0.5) / SIDE;
        let best = 0;
        for (let k = 1; k < 3; k++) {
          if (s[k] + s[3 + k] * x > s[best] + s[3 + best] * x) best = k;
        }
        for (let c = 0; c < 4; c++) colours[4 * (SIDE * i + j) + c] = COLOURS[best][c];
      }
    }
    return { columns: SIDE, rows: SIDE, colours };
  };

  return {
    last: 2000,
    fast: true,

    controls: [
      { key: "units", label: "hidden units", from: 1, to: 100, step: 1, digits: 0, start: 10 },
      { key: "spread", label: "weights at first", start: TRAINED, restarts: true,
        choices: ["trained, 10 units", "drawn, √(2/fan-in)", "drawn, 0.01"] },
      { key: "start", label: "random start", from: 0, to: 9, step: 1, digits: 0, start: 0 },
      { key: "eta", label: "step size η", from: 0.1, to: 20, step: 0.05, log: true, digits: 2, start: 1 },
      { key: "lam", label: "penalty λ", from: 0, to: 0.01, step: 0.0005, digits: 4, start: 0.001 },
      { key: "unit", label: "unit", from: 1, to: 100, step: 1, digits: 0, start: 1 },
      { key: "angle", label: "angle of w (°)", from: -180, to: 180, step: 1, digits: 0, start: 0 },
      { key: "distance", label: "line distance", from: -1.3, to: 1.3, step: 0.01, start: 0 },
    ],

    again: () => ({}),

    settings: {
      "3 units": { values: { units: 3, spread: SCALED }, steps: 1000 },
      "10 units": { values: { units: 10, spread: SCALED }, steps: 1000 },
      "100 units, steps too large": { values: { units: 100, spread: SMALL, eta: 8 }, steps: 200 },
    },

    begin,

    step(model, values) {
      if (model.steps % 10 === 0) model.losses.push(model.J);
      model.params.forEach((p, i) => {
        for (let j = 0; j < p.length; j++) p[j] -= values.eta * model.grads[i][j]; // (2.14)
      });
      model.steps++;
      look(model, values);
    },

    changed(model, values, data, key) {
      if (key === "units" || key === "start") {
        if (values.spread === TRAINED) values.spread = SCALED;
        Object.assign(model, begin(values, data));
      } else if (key === "angle" || key === "distance") {
        place(model, values, values.angle, values.distance);
      } else {
        values.unit = Math.min(values.unit, values.units);
        look(model, values);
      }
    },

    handles(model, values) {
      if (!(Math.abs(values.distance) <= REACH)) return [];
      const held = { panel: 0, name: "line", at: grip(model, values) };
      return [held, { panel: 0, name: "tip", at: tip(model, values) }];
    },

    move(handle, point, model, values) {
      const [x1, x2] = point.map((each) => Math.max(-REACH, Math.min(REACH, each)));
      let [held, angle] = [[x1, x2], values.angle];
      if (handle === "tip") {
        held = grip(model, values);
        angle = Math.atan2(x2 - held[1], x1 - held[0]) * 180 / Math.PI;
      }
      const [u1, u2] = unit(angle);
      place(model, values, angle, held[0] * u1 + held[1] * u2);
      model.grip = held;
    },

    pick(panel, [x1, x2], model, values) {
      if (panel !== 0) return;
      const far = Array.from(model.params[1], (_, m) => {
        const { angle, distance } = line(model.params, m);
        const [u1, u2] = unit(angle);
        const away = Math.abs(x1 * u1 + x2 * u2 - distance);
        return away >= 0 ? away : Infinity; // a unit without weights has no line
      });
      values.unit = far.indexOf(Math.min(...far)) + 1;
      look(model, values);
    },

    draw(model, values) {
      const { params, X, steps, J, losses } = model;
      const of = (k) => Array.from({ length: 100 }, (_, n) => [X[200 * k + 2 * n], X[200 * k + 2 * n + 1]]);
      const kind = values.units > 30 ? "thin grid" : "thin faint"; // else they hide all
      const lines = Array.from(params[1], (_, m) => across(line(params, m), kind)).join("");
      const curve = trace(steps, [...losses, J]);
      const [u1, u2] = unit(values.angle).map(Math.abs);
      const inside = Math.abs(values.distance) < 1.3 * u1 + 1.2 * u2;
      const points = [...losses.map((each, i) => [10 * i, each]), [steps, J]];
      return [
        {
          plane,
          name: "The samples (circles class 0, crosses 1, triangles 2), the regions of the classes, the "
            + "lines of all units, that of one unit thick, and an arrow to its active side",
          shade: shade(params),
          layers: [
            plane.grid(),
            lines,
            ["o", "x", "^"].map((shape, k) => plane.marks(of(k), shape, `c${k}`)).join(""),
            across(values, "thick") + plane.arrow(grip(model, values), tip(model, values), "thick")
              + (inside ? "" : plane.note("the unit's line is outside the picture")),
          ],
        },
        {
          plane: curve,
          name: "The objective over the steps, on a logarithmic axis; a circle marks it now",
          layers: [curve.grid(), curve.line(points) + curve.marks([[steps, J]], "o")],
        },
      ];
    },

    say(model, values) {
      const { params: [W1, b1, W2], active, J, right, steps } = model;
      const [m, M] = [values.unit - 1, b1.length];
      const words = (numbers) => Array.from(numbers, (each) => live.text(each, 2)).join(", ");
      return [
        ["step", String(steps)],
        ["objective J", `${live.text(J)} nats`],
        ["right", `${right} of ${N}`],
        ["silent for every sample", `${active.filter((each) => !each).length} of ${M} units`],
        [`unit ${values.unit} active for`, `${active[m]} samples`],
        ["w", words([W1[m], W1[M + m]])],
        ["b", words([b1[m]])],
        ["its weights to the scores", words(W2.slice(3 * m, 3 * m + 3))],
      ];
    },
  };
})();
