/* The four jobs as plain loops over one sample after another, for double and float.

   Compiled with -O3 -march=native, this is the practical limit that the others are measured
   against. Arrays are in C order and have the shapes of the library's own. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define JOBS(REAL, NAME, EXP)                                                                \
                                                                                             \
static REAL NAME##_sigma(REAL z) { return 1 / (1 + EXP(-z)); }                               \
                                                                                             \
void NAME##_rbf(int steps, int N, const REAL *x, const REAL *t, REAL *p, double eta)         \
{                                                                                            \
    for (int s = 0; s < steps; s++) {                                                        \
        REAL w = p[0], b = p[1], dw = 0, db = 0;                                             \
        for (int n = 0; n < N; n++) {                                                        \
            REAL z = x[n] * w, h = EXP(-z * z), e = NAME##_sigma(h + b) - t[n];              \
            db += e;                                                                         \
            dw -= 2 * z * h * e * x[n];                                                      \
        }                                                                                    \
        p[0] -= (REAL)(eta / N) * dw;                                                        \
        p[1] -= (REAL)(eta / N) * db;                                                        \
    }                                                                                        \
}                                                                                            \
                                                                                             \
/* Single samples in turn, ReLU layers of the sizes `units`, one sigmoid output. */          \
void NAME##_mlp(int steps, int N, int L, const int *units, const REAL *X, const REAL *t,     \
                REAL *p, double eta)                                                         \
{                                                                                            \
    REAL a[16][64], d[64], e[64];                                                            \
    for (int s = 0; s < steps; s++) {                                                        \
        const REAL *x = X + (size_t)(s % N) * units[0];                                      \
        REAL *W = p;                                                                         \
        for (int i = 0; i < units[0]; i++) a[0][i] = x[i];                                   \
        for (int l = 0; l < L; l++) {                                                        \
            int m = units[l], k = units[l + 1];                                              \
            const REAL *b = W + m * k;                                                       \
            for (int j = 0; j < k; j++) {                                                    \
                REAL z = b[j];                                                               \
                for (int i = 0; i < m; i++) z += a[l][i] * W[i * k + j];                     \
                a[l + 1][j] = l < L - 1 ? (z > 0 ? z : 0) : NAME##_sigma(z);                 \
            }                                                                                \
            W += m * k + k;                                                                  \
        }                                                                                    \
        d[0] = a[L][0] - t[s % N];                                                           \
        for (int l = L - 1; l >= 0; l--) {                                                   \
            int m = units[l], k = units[l + 1];                                              \
            W -= m * k + k;                                                                  \
            for (int i = 0; i < m; i++) {                                                    \
                REAL sum = 0;                                                                \
                for (int j = 0; j < k; j++) {                                                \
                    sum += W[i * k + j] * d[j];                                              \
                    W[i * k + j] -= (REAL)eta * a[l][i] * d[j];                              \
                }                                                                            \
                e[i] = a[l][i] > 0 ? sum : 0;                                                \
            }                                                                                \
            for (int j = 0; j < k; j++) W[m * k + j] -= (REAL)eta * d[j];                    \
            memcpy(d, e, sizeof d);                                                          \
        }                                                                                    \
    }                                                                                        \
}                                                                                            \
                                                                                             \
/* Two inputs, three hidden units, two classes, momentum; p and v: W1, b1, W2, b2.           \
   Samples are columns, and what is the same for all waits until the sums are taken. */      \
void NAME##_sigmoid(int steps, int N, const REAL *X, const REAL *t, REAL *p, REAL *v,        \
                    double eta, double mu)                                                   \
{                                                                                            \
    for (int s = 0; s < steps; s++) {                                                        \
        REAL g1[6] = {0}, c1[3] = {0}, g2[3] = {0}, c2 = 0, g[17];                           \
        const REAL *W1 = p, *b1 = p + 6, *W2 = p + 9, *b2 = p + 15;                          \
        REAL q[3], q0 = b2[1] - b2[0];                                                       \
        for (int j = 0; j < 3; j++) q[j] = W2[2 * j + 1] - W2[2 * j];                        \
        for (int n = 0; n < N; n++) {                                                        \
            REAL x0 = X[n], x1 = X[N + n], h[3], z = q0;                                     \
            for (int j = 0; j < 3; j++) {                                                    \
                h[j] = NAME##_sigma(x0 * W1[j] + x1 * W1[3 + j] + b1[j]);                    \
                z += q[j] * h[j];                                                            \
            }                                                                                \
            REAL e = NAME##_sigma(z) - t[n];                                                 \
            c2 += e;                                                                         \
            for (int j = 0; j < 3; j++) {                                                    \
                REAL d = e * h[j] * (1 - h[j]);                                              \
                g2[j] += e * h[j];                                                           \
                g1[j] += x0 * d;                                                             \
                g1[3 + j] += x1 * d;                                                         \
                c1[j] += d;                                                                  \
            }                                                                                \
        }                                                                                    \
        for (int j = 0; j < 3; j++) {                                                        \
            g[j] = q[j] * g1[j];                                                             \
            g[3 + j] = q[j] * g1[3 + j];                                                     \
            g[6 + j] = q[j] * c1[j];                                                         \
        }                                                                                    \
        for (int j = 0; j < 3; j++) { g[9 + 2 * j] = -g2[j]; g[10 + 2 * j] = g2[j]; }        \
        g[15] = -c2;                                                                         \
        g[16] = c2;                                                                          \
        for (int i = 0; i < 17; i++) {                                                       \
            v[i] = (REAL)mu * v[i] - (REAL)(eta / N) * g[i];                                 \
            p[i] += v[i];                                                                    \
        }                                                                                    \
    }                                                                                        \
}                                                                                            \
                                                                                             \
/* Softmax on top of M ReLU units, or on the inputs where M is 0; p: W1, b1, W2, b2. */      \
void NAME##_spiral(int steps, int N, int M, const REAL *X, const int *labels, REAL *p,       \
                   double eta, double lam)                                                   \
{                                                                                            \
    enum { D = 2, K = 3 };                                                                   \
    int F = M ? M : D, size = (M ? D * M + M : 0) + F * K + K;                               \
    REAL *g = malloc(size * sizeof *g), *h = malloc(F * sizeof *h);                          \
    REAL *W1 = p, *b1 = p + D * M, *W2 = p + (M ? D * M + M : 0), *b2 = W2 + F * K;          \
    REAL *gW1 = g, *gb1 = g + D * M, *gW2 = g + (W2 - p), *gb2 = gW2 + F * K;                \
    for (int s = 0; s < steps; s++) {                                                        \
        memset(g, 0, size * sizeof *g);                                                      \
        for (int n = 0; n < N; n++) {                                                        \
            const REAL *x = X + D * n;                                                       \
            REAL z[K], top, sum = 0;                                                         \
            for (int j = 0; j < F; j++) {                                                    \
                REAL value = M ? x[0] * W1[j] + x[1] * W1[M + j] + b1[j] : x[j];             \
                h[j] = M && value < 0 ? 0 : value;                                           \
            }                                                                                \
            for (int k = 0; k < K; k++) z[k] = b2[k];                                        \
            for (int j = 0; j < F; j++)                                                      \
                for (int k = 0; k < K; k++) z[k] += h[j] * W2[j * K + k];                    \
            top = z[0] > z[1] ? z[0] : z[1];                                                 \
            top = top > z[2] ? top : z[2];                                                   \
            for (int k = 0; k < K; k++) sum += z[k] = EXP(z[k] - top);                       \
            for (int k = 0; k < K; k++) {                                                    \
                z[k] = (z[k] / sum - (labels[n] == k)) / N;                                  \
                gb2[k] += z[k];                                                              \
            }                                                                                \
            for (int j = 0; j < F; j++) {                                                    \
                REAL d = 0;                                                                  \
                for (int k = 0; k < K; k++) {                                                \
                    gW2[j * K + k] += h[j] * z[k];                                           \
                    d += W2[j * K + k] * z[k];                                               \
                }                                                                            \
                if (M) {                                                                     \
                    d = h[j] > 0 ? d : 0;                                                    \
                    gW1[j] += x[0] * d;                                                      \
                    gW1[M + j] += x[1] * d;                                                  \
                    gb1[j] += d;                                                             \
                }                                                                            \
            }                                                                                \
        }                                                                                    \
        for (int i = 0; i < D * M; i++) gW1[i] += (REAL)lam * W1[i];                         \
        for (int i = 0; i < F * K; i++) gW2[i] += (REAL)lam * W2[i];                         \
        for (int i = 0; i < size; i++) p[i] -= (REAL)eta * g[i];                             \
    }                                                                                        \
    free(g);                                                                                 \
    free(h);                                                                                 \
}

JOBS(double, f64, exp)
JOBS(float, f32, expf)
