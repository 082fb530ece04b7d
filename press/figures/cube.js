"use strict";

// Chapter 6: the hidden activations during the run, in a cube, and the plane of the output layer.
live.figures.cube = (() => {
  const { network, table, from, at, row } = maths;
  const { forward, objective } = network("sigmoid", "softmax");
  const EVERY = 10; // steps between two places of the run
  const LAST = 600;
  const DEGREE = Math.PI / 180;
  const clamp = (low, x, high) => Math.max(low, Math.min(x, high));

  // The middle of the cube is the point (0, 0); an edge that is seen from its side is 135 long.
  const plane = live.plane({
    x: { from: -88 / 135, to: 128 / 135 },
    y: { from: -108 / 135, to: 143 / 135 },
    width: 280,
    height: 305,
  });
  const trace = live.plane({
    x: { from: 0, to: LAST, label: "step" },
    y: { from: 0.002, to: 3, log: true, label: "objective J (nats)" },
  });

  const parameters = (flat) => {
    let used = 0;
    return [[2, 3], [1, 3], [3, 2], [1, 2]].map(([rows, cols]) => {
      used += rows * cols;
      return table(rows, cols, Float64Array.from(flat.slice(used - rows * cols, used)));
    });
  };

  const CORNERS = Array.from({ length: 8 }, (_, i) => [i & 1, (i >> 1) & 1, i >> 2]);
  const along = (p, k) => p.map((each, m) => (m === k ? 1 : each));
  const EDGES = [0, 1, 2].flatMap((k) => CORNERS.filter((p) => p[k] === 0).map((p) => [p, along(p, k)]));

  // Where class 1 has as high a score as class 0, at the edges of the cube, in order around.
  const cut = ([, , W2, b2]) => {
    const v = [0, 1, 2].map((m) => at(W2, m, 1) - at(W2, m, 0));
    const score = (h) => h.reduce((z, each, m) => z + v[m] * each, b2.a[1] - b2.a[0]); // (5.4)
    const points = EDGES.flatMap(([p, q]) => {
      const [low, high] = [score(p), score(q)];
      return (low < 0) === (high < 0) ? [] : [p.map((each, m) => each + (q[m] - each) * low / (low - high))];
    });
    const [i, j] = [0, 1, 2].sort((m, n) => Math.abs(v[m]) - Math.abs(v[n]));
    const middle = [i, j].map((m) => maths.sum(points.map((h) => h[m])) / points.length);
    const angle = (h) => Math.atan2(h[j] - middle[1], h[i] - middle[0]);
    return points.sort((g, h) => angle(g) - angle(h));
  };

  // We look at the middle of the cube from far away.
  const project = ({ turn, tilt }) => {
    const [ca, sa] = [Math.cos(turn * DEGREE), Math.sin(turn * DEGREE)];
    const [ce, se] = [Math.cos(tilt * DEGREE), Math.sin(tilt * DEGREE)];
    return (h) => {
      const [u, v, w] = h.map((each) => each - 0.5);
      return [ca * v - sa * u, ce * w - se * (ca * u + sa * v)];
    };
  };

  const key = [["class 0", "c0"], ["class 1", "c1"], ["output plane", "c2 thick"]].map(([name, kind], k) => {
    const [x, y] = [-0.88 + 0.53 * k, 1.04];
    const sign = k === 2
      ? plane.line([[x - 0.04, y], [x + 0.04, y]], kind)
      : plane.marks([[x, y]], "ox"[k], kind);
    return sign + plane.label([x + 0.07, y - 0.03], name, "start");
  }).join("");

  const HELD = [1, 1, 1];

  // h₁ and h₂ of the vertical edge that is nearest to us.
  const nearest = ({ turn }) => [Number(Math.cos(turn * DEGREE) > 0), Number(Math.sin(turn * DEGREE) > 0)];

  // The names of the axes and of their ends, outside of three edges; of none that is seen from its end.
  const words = (values, see) => {
    const near = nearest(values);
    const sides = [[near[0], 1 - near[1]], [1 - near[0], near[1]]];
    const [left] = sides.sort((p, q) => see([...p, 0])[0] - see([...q, 0])[0]);
    return [[0, near[1], 0], [near[0], 0, 0], [...left, 0]].map((p, k) => {
      const [a, b] = [p, along(p, k)].map(see);
      const out = a[1] * b[0] > a[0] * b[1] ? 1 : -1;
      const [start, end] = [a, b].map(plane.at);
      const [dx, dy] = [end[0] - start[0], end[1] - start[1]];
      const long = Math.hypot(dx, dy);
      if (long < 45) return "";
      return [["0", 0.08, 11], [`h${"₁₂₃"[k]}`, 0.5, 15], ["1", 0.92, 11]].map(([text, share, away]) => {
        const x = start[0] + share * dx + out * away * dy / long;
        const y = start[1] + share * dy - out * away * dx / long + 4;
        return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}">${text}</text>`;
      }).join("");
    }).join("");
  };

  const toStep = (x) => clamp(0, EVERY * Math.round(x / EVERY), LAST);

  const look = ({ path, X }, place, labels) => {
    const params = path[place];
    const { A } = forward(params, X);
    const right = labels.map((label, n) => (at(A[2], n, 1) > at(A[2], n, 0)) === (label === 1));
    return { params, H: labels.map((_, n) => row(A[1], n)), right };
  };

  const seen = (model, { step }, { labels }) => model.seen[step / EVERY] ??= look(model, step / EVERY, labels);

  return {
    cut,
    seen,
    last: (model, { step }) => live.rest(step / EVERY, LAST / EVERY),
    pace: 4,

    controls: [
      { key: "step", label: "step", from: 0, to: LAST, step: EVERY, digits: 0, start: 10 },
      { key: "turn", label: "turn (degrees)", from: -45, to: 135, step: 1, digits: 0, start: -20 },
      { key: "tilt", label: "tilt (degrees)", from: 0, to: 90, step: 1, digits: 0, start: 30 },
    ],

    again: () => ({ step: 0 }),

    settings: {
      "before the plateau": { values: { step: 0, tilt: 3 }, steps: 1 },
      "on the plateau": { values: { step: 10, tilt: 23 }, steps: 29 },
      "after the fall": { values: { step: 300, tilt: 49 }, steps: 30 },
    },

    begin(values, data) {
      const X = from(data.X);
      const T = from(data.labels.map((label) => [1 - label, label]));
      const path = data.path.map(parameters);
      return { X, path, losses: path.map((params) => objective(params, X, T)), seen: [] };
    },

    step(model, values) {
      values.step = EVERY * live.next(values.step / EVERY, LAST / EVERY);
    },

    handles: (model, values) => [
      { panel: 0, name: "corner", at: project(values)(HELD) },
      { panel: 1, name: "step", at: [values.step, model.losses[values.step / EVERY]] },
    ],

    move(handle, [x, y], model, values) {
      if (handle === "step") {
        values.step = toStep(x);
        return;
      }
      // The angles at which the corner is seen at (x, y).
      const around = Math.asin(clamp(-1, x * Math.SQRT2, 1));
      const near = Math.SQRT1_2 * Math.cos(around);
      const far = Math.acos(clamp(-1, y / Math.hypot(near, 0.5), 1));
      values.turn = 45 - around / DEGREE;
      values.tilt = clamp(0, (far - Math.atan2(near, 0.5)) / DEGREE, 90);
    },

    pick(panel, [x], model, values) {
      if (panel === 1) values.step = toStep(x);
    },

    draw(model, values, data) {
      const see = project(values);
      const { params, H, right } = seen(model, values, data);
      const back = [...nearest(values).map((each) => 1 - each), 0];
      const hidden = (edge) => edge.some((p) => p.every((each, m) => each === back[m]));
      const lines = (edges, kind) => edges.map((edge) => plane.line(edge.map(see), kind)).join("");
      const of = (k, ...are) => H.filter((_, n) => data.labels[n] === k && are.includes(right[n])).map(see);
      const parted = cut(params).map(see);
      return [
        {
          plane,
          name: "The samples in the cube of the hidden activations, and the plane of the output layer",
          layers: [
            lines(EDGES.filter(hidden), "thin dashed")
            + (parted.length ? plane.area(parted, "c2") + plane.line([...parted, parted[0]], "c2") : "")
            + plane.marks(of(0, true), "o", "c0") + plane.marks(of(1, true, false), "x", "c1")
            // Those of class 0 that are wrong are drawn last, as the others would hide them.
            + plane.marks(of(0, false), "o", "c0")
            + lines(EDGES.filter((edge) => !hidden(edge)), "thin")
            + words(values, see)
            + key,
          ],
        },
        {
          plane: trace,
          name: "The objective over the steps, with a ring at the step that is shown",
          layers: [
            trace.grid(),
            trace.line(model.losses.map((J, i) => [i * EVERY, J]), "c1 thick"),
          ],
        },
      ];
    },

    say(model, values, data) {
      const { H, right } = seen(model, values, data);
      const wrong = (k) => right.filter((each, n) => !each && data.labels[n] === k).length;
      const cluster = H.filter((_, n) => data.labels[n] === 1);
      return [
        ["step", String(values.step)],
        ["objective J", `${live.text(model.losses[values.step / EVERY])} nats`],
        ["right", `${right.filter(Boolean).length} of ${right.length}`],
        ["wrong", `${wrong(0)} of class 0, ${wrong(1)} of class 1`],
        ["class 1 on average at", `h = (${[0, 1, 2].map((m) =>
          live.text(maths.sum(cluster.map((h) => h[m])) / cluster.length, 2)).join(", ")})`],
      ];
    },
  };
})();
