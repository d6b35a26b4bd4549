/* export.h -- a trained run for other programs. Private.
 *
 * Each answers with unit rows that agree with `contrast embed` to 1e-5.
 * Errors of all: CT_ERR_IO, CT_ERR_NOMEM. Folders are made. */
#ifndef LAB_EXPORT_H
#define LAB_EXPORT_H

#include "lab/search.h"
#include "train/checkpoint.h"

/* FILE.py: a PyTorch module, readable, that embeds, continues the training and writes ONNX; and
 * the run's state, in FILE.safetensors: a checkpoint, which sees the data from there. */
ct_status ct_export_torch(ct_trainer *t, const char *path, ct_error *err);

/* The pairs of all splits, as .npy and text, for that module and for data.kind = pairs. */
ct_status ct_export_data(const ct_pairs *p, const char *folder, ct_error *err);

/* For projector.tensorflow.org: both sides of a split as vectors.tsv and metadata.tsv. */
ct_status ct_export_projector(const ct_search *s, const char *folder, ct_error *err);

#endif
