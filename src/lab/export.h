/* export.h -- a trained run for other programs. Private.
 *
 * Each answers with unit rows that agree with `contrast embed` to 1e-5.
 * Errors of all: CT_ERR_IO, CT_ERR_NOMEM. Folders are made. */
#ifndef EXPERIMENT_EXPORT_H
#define EXPERIMENT_EXPORT_H

#include "lab/search.h"

/* FILE.py: a PyTorch module, readable, with the texts' hashing; and the weights beside
 * it, FILE.safetensors. */
ct_status ct_export_torch(const ct_trainer *t, const char *path, ct_error *err);

/* FOLDER/image_tower.onnx and text_tower.onnx. A tower of numbers reads x (N, dim), as
 * in the data; one of texts ids (N, L), and mask (N, L) that is 1 where there is one. */
ct_status ct_export_onnx(const ct_trainer *t, const char *folder, ct_error *err);

/* For projector.tensorflow.org: both sides of a split as tensors.bytes, labels.tsv,
 * sprite.png (if the first side is pictures) and projector_config.json. */
ct_status ct_export_projector(const ct_search *s, const char *folder, ct_error *err);

#endif
