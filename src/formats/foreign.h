/* foreign.h -- files that contrast does not read, by their first bytes. Private. */
#ifndef FORMATS_FOREIGN_H
#define FORMATS_FOREIGN_H

#include "contrast/status.h"

#include <stddef.h>

#define CT_PYTORCH "a PyTorch file: in Python: np.save('x.npy', torch.load('x.pt').numpy())"

/* Fail if a file that begins with these bytes is known to be something else, naming what, and the
 * line that converts it. Errors  CT_ERR_FORMAT "path: is WHAT: HOW" */
ct_status ct_foreign_refuse(const char *path, const void *head, size_t size, ct_error *err);

#endif
