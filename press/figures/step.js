"use strict";

// Chapter 1: a chord against the tangent, for a step of any size, and the error of its slope.
live.figures.step = (() => {
  const f = (s) => Math.exp(s) * Math.sin(s);
  const a = 1;
  const f1 = Math.exp(a) * (Math.sin(a) + Math.cos(a));
  const f2 = 2 * Math.exp(a) * Math.cos(a);
  const f3 = 2 * Math.exp(a) * (Math.cos(a) - Math.sin(a));
  const kappa = 2 ** -53;
  const OURS = 1e-5;

  // A chord leads from a + start · ε to a + ε.
  const METHODS = [
    {
      start: 0,
      slope: (eps) => (f(a + eps) - f(a)) / eps, // (1.16)
      formula: (eps) => Math.abs(f2) * eps / 2, // (1.25)
      rounding: (eps) => 2 * kappa * Math.abs(f(a)) / eps, // (1.25)
    },
    {
      start: -1,
      slope: (eps) => (f(a + eps) - f(a - eps)) / (2 * eps), // (1.2)
      formula: (eps) => Math.abs(f3) * eps ** 2 / 6, // (1.18)
      rounding: (eps) => kappa * Math.abs(f(a)) / eps, // (1.18)
    },
  ];
  const NAMES = ["forward difference", "central difference", "complex step"];
  const KINDS = ["c0", "c1", "c2"];
  const SHAPES = [".", "x", "+"];

  // All relative to the derivative.
  const errors = ({ eps, method }) => {
    const { slope, formula, rounding } = METHODS[method];
    return {
      measured: Math.abs(slope(eps) / f1 - 1),
      formula: formula(eps) / f1,
      rounding: rounding(eps) / f1,
    };
  };

  // What f is above its tangent, k steps from a.
  const above = (k, eps) => f(a + k * eps) - f(a) - f1 * k * eps;

  const WIDE = 1.6;
  const PLACES = Array.from({ length: 241 }, (_, i) => (i - 120) / 75);

  const raised = (digit) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(digit)];
  const power = (n) => "10" + [...String(n)].map(raised).join("");

  const POWERS = [-17, -14, -11, -8, -5, -2, 1];
  const trace = live.plane({
    x: { from: 1e-16, to: 1, log: true, label: "step ε (dimensionless)" },
    y: {
      from: 3e-18,
      to: 10,
      log: true,
      label: "relative error (dimensionless)",
      ticks: POWERS.map((n) => 10 ** n),
      names: POWERS.map(power),
    },
    height: 300,
  });
  const seen = (error) => Math.max(error, 1e-17);
  const STEPS = Array.from({ length: 81 }, (_, i) => 10 ** (i / 5 - 16));

  // The window is as wide as the step asks, and as high as what is in it.
  const view = (heights) => {
    const [low, high] = [Math.min(0, ...heights), Math.max(0, ...heights)];
    const order = Math.floor(Math.log10(Math.max(high, -low)));
    const unit = order < -1 ? 10 ** order : 1;
    const plane = live.plane({
      x: {
        from: -WIDE,
        to: WIDE,
        label: "s (dimensionless)",
        ticks: [-1, 0, 1],
        names: ["a − ε", "a", "a + ε"],
      },
      y: {
        from: (low - 0.06 * (high - low)) / unit,
        to: (high + 0.2 * (high - low)) / unit,
        label: `f(s) minus tangent ${unit < 1 ? `in ${power(order)}` : "(dimensionless)"}`,
      },
      height: 300,
    });
    return { plane, scaled: (points) => points.map(([k, height]) => [k, height / unit]) };
  };

  const legend = (rows) => rows.map(([kind, words, x]) =>
    `<path class="line ${kind}" d="M${x} 10h20"/>`
      + `<text x="${x + 25}" y="14" class="start">${words}</text>`).join("");

  const zoom = ({ eps, method }) => {
    const { start } = METHODS[method];
    const curve = PLACES.map((k) => [k, above(k, eps)]);
    const ends = [start, 1].map((k) => [k, above(k, eps)]);
    const tilt = (ends[1][1] - ends[0][1]) / (1 - start);
    const chord = [-WIDE, WIDE].map((k) => [k, ends[1][1] + (k - 1) * tilt]);
    const { plane, scaled } = view([...curve, ...chord].map(([, height]) => height));
    const kind = KINDS[method];
    return {
      plane,
      name: "The function near a, minus its tangent, which so lies flat (dashed), and the chord (thick), "
        + "whose tilt is the error",
      layers: [
        plane.grid(),
        plane.line([[-WIDE, 0], [WIDE, 0]], "dashed") + plane.line(scaled(curve), "thin"),
        plane.line(scaled(chord), `${kind} thick`) + plane.marks(scaled(ends), "o", kind)
          + legend([["thin", "f", 30], ["dashed", "tangent", 85], [`${kind} thick`, "chord", 175]]),
      ],
    };
  };

  const chart = (values, data) => {
    const { eps, method } = values;
    const points = [data.forward, data.central, data.complex].map((each, i) => {
      const places = each.map((error, n) => [data.steps[n], seen(error)]);
      return trace.marks(places, SHAPES[i], `${KINDS[i]}${i === method ? "" : " faint"}`);
    });
    const lines = METHODS.map(({ formula, rounding }, i) =>
      trace.line(STEPS.map((each) => [each, (formula(each) + rounding(each)) / f1]), `${KINDS[i]} thin`));
    const words = NAMES.map((each, i) => trace.marks([[7e-13, 10 ** (0.3 - 1.3 * i)]], SHAPES[i], KINDS[i])
      + trace.label([1.6e-12, 10 ** (-0.03 - 1.3 * i)], each, "start"));
    return {
      plane: trace,
      name: "The relative error over the step, for three numerical derivatives: forward difference, central "
        + "difference, complex step; a dot at the chosen step",
      layers: [
        trace.grid(),
        points.join("") + lines.join("") + trace.line([[OURS, 3e-18], [OURS, 10]], "thin dashed")
          + words.join(""),
        trace.marks([[eps, seen(errors(values).measured)]], "o", KINDS[method]),
      ],
    };
  };

  const within = (eps) => Math.max(1e-16, Math.min(1, eps));

  return {
    errors,

    controls: [
      { key: "eps", label: "step ε", from: 1e-16, to: 1, step: 0.05, log: true, start: OURS },
      { key: "method", label: "chord", choices: NAMES.slice(0, 2), start: 1 },
    ],

    settings: {
      "too large": { values: { eps: 0.5 } },
      "nearly the best": { values: { eps: OURS } },
      "too small": { values: { eps: 1e-15 } },
    },

    begin: () => null,

    handles: (model, values) => [{ panel: 1, name: "step", at: [values.eps, seen(errors(values).measured)] }],

    move(handle, [eps], model, values) {
      values.eps = within(eps);
    },

    pick(panel, [eps], model, values) {
      if (panel === 1) values.eps = within(eps);
    },

    draw: (model, values, data) => [zoom(values), chart(values, data)],

    say(model, values) {
      const { measured, formula, rounding } = errors(values);
      return [
        ["slope of the tangent", live.text(f1, 12)],
        ["slope of the chord", live.text(METHODS[values.method].slope(values.eps), 12)],
        ["relative error", live.text(measured)],
        ["estimated error", live.text(formula + rounding)],
        ["from the formula", live.text(formula)],
        ["from rounding", live.text(rounding)],
      ];
    },
  };
})();
