/* letters.c -- lower case and word characters, without tables of all of Unicode.
 *
 * For text.c. A script that is missing here still works: its capitals are then
 * other letters than its small ones.
 *
 * Layer: data. */
#include "data/letters.h"

#include "formats/text.h"

/* Capitals first..last are `add` below their small letters; with step 2 capitals
 * and small letters alternate, and first is a capital. */
static const struct {
    uint16_t first, last, step;
    int16_t add;
} CAPITALS[] = {
    {'A', 'Z', 1, 32},
    {0x00C0, 0x00D6, 1, 32},
    {0x00D8, 0x00DE, 1, 32}, /* ASCII, Latin-1 */
    {0x0100, 0x012E, 2, 1},
    {0x0132, 0x0136, 2, 1},
    {0x0139, 0x0147, 2, 1}, /* Latin Extended-A */
    {0x014A, 0x0176, 2, 1},
    {0x0179, 0x017D, 2, 1},
    {0x0130, 0x0130, 1, 'i' - 0x0130},
    {0x0178, 0x0178, 1, 0x00FF - 0x0178}, /* dotted I, Y diaeresis */
    {0x0386, 0x0386, 1, 38},
    {0x0388, 0x038A, 1, 37},
    {0x038C, 0x038C, 1, 64}, /* Greek with tonos */
    {0x038E, 0x038F, 1, 63},
    {0x0391, 0x03A1, 1, 32},
    {0x03A3, 0x03AB, 1, 32}, /* Greek */
    {0x0400, 0x040F, 1, 80},
    {0x0410, 0x042F, 1, 32}, /* Cyrillic */
    {0x01A0, 0x01A0, 1, 1},
    {0x01AF, 0x01AF, 1, 1},
    {0x01B7, 0x01B7, 1, 0x0292 - 0x01B7},
    {0x01CD, 0x01DB, 2, 1},
    {0x01DE, 0x01EE, 2, 1},
    {0x01F4, 0x01F4, 1, 1},
    {0x01F8, 0x021E, 2, 1},
    {0x0226, 0x0232, 2, 1}, /* Latin Extended-B: what marks can make */
    {0x1E00, 0x1E94, 2, 1},
    {0x1EA0, 0x1EFE, 2, 1}, /* Latin Extended Additional */
};

uint32_t data_lower_case(uint32_t c)
{
    for (unsigned k = 0; k < sizeof CAPITALS / sizeof *CAPITALS; k++)
        if (c >= CAPITALS[k].first && c <= CAPITALS[k].last &&
            (c - CAPITALS[k].first) % CAPITALS[k].step == 0)
            return (uint32_t)((int)c + CAPITALS[k].add);
    return c;
}

/* A combining mark, and letters without it, each before the one letter that both are: the canonical
 * pairs of UnicodeData.txt for small Latin, Greek and Cyrillic letters; and the dot of a Turkish I.
 */
static const struct {
    uint16_t mark;
    const char *pairs;
} COMPOSED[] = {
    {0x0300, "aàeèiìoòuùüǜnǹеѐиѝēḕōṑwẁâầăằêềôồơờưừyỳ"},
    {0x0301, "aáeéiíoóuúyýcćlĺnńrŕsśzźüǘgǵåǻæǽøǿ¨΅ϊΐαάεέηήιίϋΰοόυύωώϒϓгѓкќçḉēḗïḯkḱmḿõṍōṓpṕũṹwẃâấăắê"
             "ếôốơớưứ"},
    {0x0302, "aâeêiîoôuûcĉgĝhĥjĵsŝwŵyŷzẑạậẹệọộ"},
    {0x0303, "aãnñoõiĩuũvṽâẫăẵeẽêễôỗơỡưữyỹ"},
    {0x0304, "aāeēiīoōuūüǖäǟȧǡæǣǫǭöȫõȭȯȱyȳgḡḷḹṛṝ"},
    {0x0306, "aăeĕgğiĭoŏuŭийуўȩḝạặ"},
    {0x0307, "iicċeėgġzżaȧoȯbḃdḋfḟhḣmṁnṅpṗrṙsṡśṥšṧṣṩtṫwẇxẋyẏſẛ"},
    {0x0308, "aäeëiïoöuüyÿιϊυϋϒϔеёіїhḧõṏūṻwẅxẍtẗ"},
    {0x0309, "aảâẩăẳeẻêểiỉoỏôổơởuủưửyỷ"},
    {0x030A, "aåuůwẘyẙ"},
    {0x030B, "oőuű"},
    {0x030C, "cčdďeělľnňrřsštťzžaǎiǐoǒuǔüǚgǧkǩʒǯjǰhȟ"},
    {0x030F, "aȁeȅiȉoȍrȑuȕ"},
    {0x0311, "aȃeȇiȋoȏrȓuȗ"},
    {0x031B, "oơuư"},
    {0x0323, "bḅdḍhḥkḳlḷmṃnṇrṛsṣtṭvṿwẉzẓaạeẹiịoọơợuụưựyỵ"},
    {0x0324, "uṳ"},
    {0x0325, "aḁ"},
    {0x0326, "sștț"},
    {0x0327, "cçgģkķlļnņrŗsştţeȩdḑhḩ"},
    {0x0328, "aąeęiįuųoǫ"},
    {0x032D, "dḓeḙlḽnṋtṱuṷ"},
    {0x032E, "hḫ"},
    {0x0330, "eḛiḭuṵ"},
    {0x0331, "bḇdḏkḵlḻnṉrṟtṯzẕhẖ"},
};

uint32_t data_compose(uint32_t c, uint32_t mark)
{
    for (unsigned k = 0; k < sizeof COMPOSED / sizeof *COMPOSED; k++)
        for (const char *at = COMPOSED[k].pairs; COMPOSED[k].mark == mark && *at != '\0';) {
            uint32_t without, with;
            at += ct_utf8_get(at, &without);
            at += ct_utf8_get(at, &with);
            if (without == c)
                return with;
        }
    return 0;
}

bool data_is_letter(uint32_t c)
{
    if (c < 0x80)
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (c < 0xC0)
        return c == 0xAA || c == 0xB5 || c == 0xBA; /* ordinals and the micro sign */
    return c != 0xD7 && c != 0xF7                   /* times, divided by */
           && !(c >= 0x2000 && c <= 0x206F)         /* general punctuation */
           && !(c >= 0x3000 && c <= 0x303F)         /* CJK punctuation */
           && !(c >= 0xFF01 && c <= 0xFF0F);        /* full-width punctuation */
}
