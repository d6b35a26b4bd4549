/* datasets.h -- where pairs come from. Code in datasets/.
 *
 * Every generator is a pure function of its options (data.h) and seed: the same data on every
 * machine. Each call returns a new data set, or NULL and the reason; caller frees with
 * ct_pairs_free. */
#ifndef CT_DATASETS_H
#define CT_DATASETS_H

#include "contrast/data.h"

CT_C_BEGIN

ct_data_options ct_data_defaults(void);

/* `shapes`: small RGB pictures of one object (shape x colour x size x place) or, three times of
 * four, two (one above or left of the other), anti-aliased, jittered and noisy, each with a caption
 * in one of several wordings: "a small red star at the top left", "two shapes: red star above blue
 * ring". A caption says all that matters in a way that words and word pairs can carry. group =
 * meaning: equal for the same scene, whatever the wording.
 *
 * No scene of one split occurs in another. Validation, test and composition show every scene once,
 * so their captions are distinct; training repeats scenes, and with `repeats` captions too. One
 * colour of each shape, (3 shape + 2) mod 8, is held out: the composition split is the pictures
 * with a yellow circle, purple square, red triangle, green star, pink cross, orange ring, blue
 * diamond or white heart, and no other split has any. Item k of a split is the same however many
 * items there are.
 * Errors  CT_ERR_CONFIG (an option out of range), CT_ERR_NOMEM */
ct_pairs *ct_shapes(const ct_data_options *o, ct_error *err);

#define CT_SHAPES_KINDS 64 /* of objects: shape and colour. Number of the first: group mod this */

/* `latent`: vector pairs from one shared Gaussian latent. Each of k latent
 * coordinates gives a pair with correlation rho; both sides are then rotated
 * in dim >= k dimensions by random orthogonal maps, the rest is noise:
 *     I(x; y) = -(k/2) ln(1 - rho^2) nats.
 * Errors  CT_ERR_CONFIG (an option out of range), CT_ERR_NOMEM */
ct_pairs *ct_latent(const ct_data_options *o, ct_error *err);

/* `fashion-mnist`: the four IDX files in `dir` (train-images-idx3-ubyte ...,
 * as datasets/fashion-mnist.sh unpacks them), captions from the class names in
 * several templates. The last n_validation of the 60,000 training images are
 * the validation split. label, group, class_name and prompt are set.
 * Errors  CT_ERR_IO (a file is missing: the message says what to type),
 *         CT_ERR_FORMAT, CT_ERR_CONFIG (n_validation), CT_ERR_NOMEM */
ct_pairs *ct_fashion_mnist(const ct_data_options *o, ct_error *err);

CT_C_END
#endif
