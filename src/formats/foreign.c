/* foreign.c -- what people have instead of an array, a picture or a text. */
#include "formats/text.h"

#include <string.h>

#define PICKLE "a pickle: in Python: np.save('x.npy', pickle.load(open('x.pkl', 'rb')))"

/* No text begins as one of them does. */
static const struct {
    const char *begins, *what;
} KINDS[] = {
    {"\x80\2\x8A\nl\xFC", CT_PYTORCH},
    {"\x80\2", PICKLE},
    {"\x80\3", PICKLE},
    {"\x80\4", PICKLE},
    {"\x80\5", PICKLE},
    {"\x89HDF", "HDF5: in Python: np.save('x.npy', h5py.File('x.h5')['NAME'][:])"},
    {"MATLAB 5", "a MATLAB file: in Python: np.save('x.npy', scipy.io.loadmat('x.mat')['NAME'])"},
    {"PAR1", "Parquet: in Python: np.save('x.npy', pandas.read_parquet('x').to_numpy())"},
    {"\x89PNG", "a PNG picture: list pictures in a .tsv, PICTURE <tab> CAPTION"},
    {"\xFF\xD8\xFF", "JPEG: in Python: PIL.Image.open('x.jpg').save('x.png')"},
    {"GIF8", "GIF: in Python: PIL.Image.open('x.gif').save('x.png')"},
    {"RIFF", "WebP: in Python: PIL.Image.open('x.webp').save('x.png')"},
    {"\xFF\xFE", "UTF-16: iconv -f UTF-16 -t UTF-8 it"},
    {"\x1F\x8B", "gzip: gunzip it"},
    {"BZh", "bzip2: bunzip2 it"},
    {"\3757zXZ", "xz: unxz it"},
    {"\x28\xB5\x2F\xFD", "zstd: unzstd it"},
    {"PK\3\4", "a zip: unzip it"},
};

ct_status ct_foreign_refuse(const char *path, const void *head, size_t size, ct_error *err)
{
    for (size_t k = 0; k < sizeof KINDS / sizeof *KINDS; k++) {
        const size_t n = strlen(KINDS[k].begins);
        if (size >= n && memcmp(head, KINDS[k].begins, n) == 0)
            return CT_REFUSE(err, "%s: is %s", path, KINDS[k].what);
    }
    return err->status;
}
