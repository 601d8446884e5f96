/* What the tests that compare numbers with a reference allow: one table for all of them. Of a
 * tensor it is the norm of the difference, at most, by the norm of the reference. */
#ifndef TOLERANCES_H
#define TOLERANCES_H

/* In float64 both sides round in double; what differs is the order of sums. */
#define DOUBLE_VALUES 1e-9
#define DOUBLE_GRADIENTS 1e-9
#define DOUBLE_TRAINING 1e-9    /* losses, weights and the optimiser's state after many steps */
#define FINITE_DIFFERENCES 1e-6 /* gradients against them */

/* In float32, against the reference in double, both from the same float32 numbers. */
#define SINGLE_LAYER 1e-5 /* values and gradients; after many steps, too, where SGD takes them */
#define SINGLE_MODEL 1e-4 /* after many steps of Adam */

/* Wider: digits_conv has 600,000 ReLUs a step. An input that is nothing but rounding may fall on
 * either side of the kink, and Adam moves a weight by its whole rate whose gradient is rounding
 * alone: one of logvar's 125,440 that goes the other way once is 3.5e-4 of their norm. (All other
 * tensors are within 1e-5.) */
#define SINGLE_KINKS 2e-3

/* Norms of gradients below this share of the norm of all gradients together count as that: such a
 * gradient is a difference of larger numbers, whose rounding it has. */
#define LEAST_DOUBLE 1e-5
#define LEAST_SINGLE 1e-2
/* Below this share it is that rounding alone (of a bias that a normalisation takes away), and where
 * Adam, which divides it by its own size, takes the parameter is nobody's to say. */
#define NEGLIGIBLE 1e-9

/* Iterations of EM and posteriors, in double whatever the precision. A condition near 1e8 costs
 * half of a double's digits: scikit-learn itself is then off by 1e-9. */
#define EM_WELL_CONDITIONED 1e-10
#define EM_ILL_CONDITIONED 1e-8

/* MSE, SSIM, scores, k-means: doubles; the order of sums differs. */
#define MEASURES 1e-12

#endif
