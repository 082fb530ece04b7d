"use strict";

// The networks of the book, line for line as in src/chainrule, with the same equation numbers.
// A table is {rows, cols, a}: `a` holds the numbers, row after row. Parameters are a list of
// tables, W1, b1, …, WL, bL; a bias is a table of one row.
const maths = (() => {
  const table = (rows, cols, a = new Float64Array(rows * cols)) => ({ rows, cols, a });

  const from = (rows) => table(rows.length, rows[0].length, Float64Array.from(rows.flat()));

  const at = (A, i, j) => A.a[i * A.cols + j];

  const row = (A, i) => Array.from(A.a.subarray(i * A.cols, (i + 1) * A.cols));

  const column = (A, j) => Array.from({ length: A.rows }, (_, i) => at(A, i, j));

  const map = (f, A, B = A) => {
    const C = table(A.rows, A.cols);
    for (let i = 0; i < C.a.length; i++) C.a[i] = f(A.a[i], B.a[i]);
    return C;
  };

  // A @ B; half of what comes out of ReLU is 0
  const dot = (A, B) => {
    const C = table(A.rows, B.cols);
    for (let i = 0; i < A.rows; i++) {
      for (let k = 0; k < A.cols; k++) {
        const a = A.a[i * A.cols + k];
        if (a === 0) continue;
        for (let j = 0; j < B.cols; j++) C.a[i * B.cols + j] += a * B.a[k * B.cols + j];
      }
    }
    return C;
  };

  const transpose = (A) => {
    const B = table(A.cols, A.rows);
    for (let i = 0; i < A.rows; i++) {
      for (let j = 0; j < A.cols; j++) B.a[j * A.rows + i] = A.a[i * A.cols + j];
    }
    return B;
  };

  // b is added to every row
  const plus = (A, b) => {
    const C = table(A.rows, A.cols);
    for (let o = 0; o < C.a.length; o += C.cols) {
      for (let j = 0; j < C.cols; j++) C.a[o + j] = A.a[o + j] + b.a[j];
    }
    return C;
  };

  const sumOfRows = (A) => {
    const b = table(1, A.cols);
    for (let o = 0; o < A.a.length; o += A.cols) {
      for (let j = 0; j < A.cols; j++) b.a[j] += A.a[o + j];
    }
    return b;
  };

  const sum = (numbers) => numbers.reduce((total, x) => total + x, 0);

  const sigmoid = (z) => {
    const small = Math.exp(-Math.abs(z));
    return (z >= 0 ? 1 : small) / (1 + small); // (2.2)
  };

  const relu = (z) => Math.max(0, z); // (5.2)

  const rbf = (z) => Math.exp(-z * z); // (4.2)

  // Of each row.
  const softmax = (Z) => {
    const Y = table(Z.rows, Z.cols);
    for (let o = 0; o < Z.a.length; o += Z.cols) {
      const top = largest(Z, o);
      let all = 0;
      for (let k = o; k < o + Z.cols; k++) all += Y.a[k] = Math.exp(Z.a[k] - top); // (3.2)
      for (let k = o; k < o + Z.cols; k++) Y.a[k] /= all; // (3.1)
    }
    return Y;
  };

  const largest = (Z, o) => {
    let top = -Infinity;
    for (let k = o; k < o + Z.cols; k++) top = Math.max(top, Z.a[k]);
    return top;
  };

  // In nats, from the pre-activation.
  const binaryCrossEntropy = (z, t) =>
    Math.max(z, 0) - t * z + Math.log1p(Math.exp(-Math.abs(z))); // (2.6)

  // Of all rows together.
  const crossEntropy = (Z, T) => {
    let xi = 0;
    for (let o = 0; o < Z.a.length; o += Z.cols) {
      const top = largest(Z, o);
      let all = 0;
      for (let k = o; k < o + Z.cols; k++) all += Math.exp(Z.a[k] - top);
      for (let k = o; k < o + Z.cols; k++) xi -= T.a[k] * (Z.a[k] - top - Math.log(all)); // (3.3), (3.4)
    }
    return xi;
  };

  const HIDDEN = {
    relu: [relu, (z) => (z > 0 ? 1 : 0)], // (5.11)
    sigmoid: [sigmoid, (z) => sigmoid(z) * sigmoid(-z)], // (2.9)
  };

  // A network of affine layers. `hidden` is "relu" or "sigmoid", `output` "sigmoid" or "softmax".
  const network = (hidden, output) => {
    const [activation, slope] = HIDDEN[hidden];

    const forward = (params, X) => {
      const L = params.length / 2;
      const Z = [null];
      const A = [X];
      for (let l = 1; l <= L; l++) {
        Z.push(plus(dot(A[l - 1], params[2 * l - 2]), params[2 * l - 1])); // (7.6)
        if (l < L) A.push(map(activation, Z[l])); // (7.7)
      }
      A.push(output === "softmax" ? softmax(Z[L]) : map(sigmoid, Z[L])); // (7.8)
      return { Z, A };
    };

    const objective = (params, X, T, lam = 0, { Z } = forward(params, X)) => {
      const last = Z.at(-1);
      const xi = output === "softmax" ? crossEntropy(last, T) : sum(map(binaryCrossEntropy, last, T).a);
      const squares = sum(params.filter((_, i) => i % 2 === 0).map((W) => sum(W.a.map((w) => w * w))));
      return xi / X.rows + (lam / 2) * squares; // (7.9)
    };

    const backward = (params, X, T, lam = 0, { Z, A } = forward(params, X)) => {
      const L = params.length / 2;
      let dZ = map((y, t) => (y - t) / X.rows, A[L], T); // (7.17)
      const grads = [];
      for (let l = L; l >= 1; l--) {
        if (l < L) {
          const dA = dot(dZ, transpose(params[2 * l]));
          dZ = map((da, z) => da * slope(z), dA, Z[l]); // (7.18)
        }
        const W = params[2 * l - 2];
        const dW = map((dw, w) => dw + lam * w, dot(transpose(A[l - 1]), dZ), W); // (7.19)
        grads.unshift(dW, sumOfRows(dZ)); // (7.20)
      }
      return grads;
    };

    return { forward, objective, backward };
  };

  const gradientStep = (params, grads, eta) =>
    params.map((P, i) => map((p, dp) => p - eta * dp, P, grads[i])); // (2.14)

  // Returns the new velocity; the parameters move by it.
  const momentumStep = (params, grads, velocity, eta, mu) => {
    const moved = velocity.map((U, i) => map((u, dp) => mu * u - eta * dp, U, grads[i])); // (6.3)
    return [params.map((P, i) => map((p, u) => p + u, P, moved[i])), moved];
  };

  // Normal random numbers from a seed: mulberry32, then Box and Muller's way.
  const generator = (seed) => {
    let state = seed >>> 0;
    const uniform = () => {
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
    return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  };

  // A table of normal random numbers with the standard deviation `spread`.
  const normal = (draw, rows, cols, spread) => map(() => spread * draw(), table(rows, cols));

  return {
    table, from, at, row, column, map, dot, transpose, plus, sumOfRows, sum,
    sigmoid, relu, rbf, softmax, binaryCrossEntropy, crossEntropy,
    network, gradientStep, momentumStep, generator, normal,
  };
})();
