/* contrast.h -- all public headers at once. */
#ifndef CT_CONTRAST_H
#define CT_CONTRAST_H

#define CT_VERSION  "0.1.0"
#define CT_RELEASED "2026-11-28"

#include "contrast/activation.h"
#include "contrast/arena.h"
#include "contrast/data.h"
#include "contrast/datasets.h"
#include "contrast/device.h"
#include "contrast/diagnose.h"
#include "contrast/landmarks.h"
#include "contrast/loss.h"
#include "contrast/measures.h"
#include "contrast/models.h"
#include "contrast/nn.h"
#include "contrast/npy.h"
#include "contrast/ops.h"
#include "contrast/optim.h"
#include "contrast/plain.h"
#include "contrast/random.h"
#include "contrast/real.h"
#include "contrast/scalar.h"
#include "contrast/status.h"
#include "contrast/tensor.h"

CT_C_BEGIN

/* Parameters that are built as a safetensors file, under their names, which PyTorch reads; code in
 * src/train/checkpoint.c. Errors  CT_ERR_IO, CT_ERR_NOMEM */
ct_status ct_weights_save(const ct_params *p, const char *path, ct_error *err);

/* Read them, of any floats, from a file that has them under their names, or with "module." in
 * front; also from a checkpoint. `unused` (or NULL): names of other tensors, cut short if there are
 * many. After an error some may have been read.
 * Errors  CT_ERR_IO, CT_ERR_FORMAT (missing, of another shape, not finite), CT_ERR_NOMEM */
#define CT_UNUSED_BYTES 128
ct_status ct_weights_load(ct_params *p, const char *path, char unused[CT_UNUSED_BYTES],
                          ct_error *err);

CT_C_END
#endif
