/* device.c -- choosing the kernels and owning the threads.
 *
 * Layer: kernels. */
#include "kernels/isa.h"

#include "platform/cpu.h"
#include "platform/memory.h"

#include <string.h>

static const k_isa *find_isa(const char *name)
{
    struct {
        const k_isa *isa;
        bool here;
    } known[] = {
    /* best first */
#ifdef K_HAVE_X86
        {&k_isa_avx512, ct_cpu_has_avx512()},
        {&k_isa_avx2, ct_cpu_has_avx2()},
#endif
        {&k_isa_portable, true},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].here && (name == NULL || strcmp(name, known[i].isa->name) == 0))
            return known[i].isa;
    return NULL;
}

ct_device *ct_device_new(int threads, const char *isa, ct_error *err)
{
    const k_isa *found = find_isa(isa);
    if (found == NULL)
        CT_FAIL(err, CT_ERR_CONFIG,
                "instruction set \"%s\" is not one of this processor's; try portable", isa);
    if (threads < 0 || threads > 1024)
        CT_FAIL(err, CT_ERR_CONFIG, "%d threads: expected 1 to 1024, or 0 for all", threads);
    ct_device *dev = ct_alloc_for("device", 1, sizeof *dev, err);
    if (dev == NULL)
        return NULL;
    dev->isa = found;
    dev->pool = ct_pool_new(threads > 0 ? threads : ct_cpu_count(), err);
    dev->panels = ct_alloc(K_PANELS, sizeof *dev->panels); /* 2.5 MiB: better not touched yet */
    if (dev->panels == NULL)
        CT_FAIL(err, CT_ERR_NOMEM, "device: no memory for its panels");
    if (err->status != CT_OK) {
        ct_device_free(dev);
        return NULL;
    }
    return dev;
}

void ct_device_free(ct_device *dev)
{
    if (dev == NULL)
        return;
    ct_pool_free(dev->pool);
    ct_free(dev->panels);
    ct_free(dev);
}

const char *ct_device_isa(const ct_device *dev)
{
    return dev->isa->name;
}

int ct_device_threads(const ct_device *dev)
{
    return ct_pool_threads(dev->pool);
}

void k_parallel(ct_device *dev, int n_blocks, void (*body)(void *ctx, int block), void *ctx)
{
    ct_pool_run(dev->pool, n_blocks, body, ctx);
}
