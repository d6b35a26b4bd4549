/* letters.c -- lower case and word characters, without tables of all of Unicode.
 *
 * For text.c. A script that is missing here still works: its capitals are then
 * other letters than its small ones. */
#include "data/inside.h"

#include "formats/text.h"

#include <stddef.h>

/* The next two characters of a list of pairs; false at its end. */
static bool next_pair(const char **text, uint32_t *first, uint32_t *second)
{
    if (**text == '\0')
        return false;
    *text += ct_utf8_get(*text, first);
    *text += ct_utf8_get(*text, second);
    return true;
}

/* The first and last of capitals that are `add` below their small letters; with step 2 capitals and
 * small letters alternate. Latin with what marks can make, Greek and Cyrillic. */
static const struct {
    int add;
    uint32_t step;
    const char *ranges;
} CAPITALS[] = {
    {32, 1, "AZÀÖØÞΑΡΣΫАЯ"}, {1, 2, "ĀĮĲĶĹŇŊŶŹŽƠƠƯƯǍǛǞǮǴǴǸȞȦȲḀẔẠỾ"},
    {-199, 1, "İİ"},         {-121, 1, "ŸŸ"},
    {38, 1, "ΆΆ"},           {37, 1, "ΈΊ"},
    {64, 1, "ΌΌ"},           {63, 1, "ΎΏ"},
    {80, 1, "ЀЏ"},           {219, 1, "ƷƷ"},
};

uint32_t data_lower_case(uint32_t c)
{
    uint32_t first, last;
    if (c < 'A' || (c > 'Z' && c < 0xC0)) /* most are */
        return c;
    for (size_t k = 0; k < sizeof CAPITALS / sizeof *CAPITALS; k++)
        for (const char *at = CAPITALS[k].ranges; next_pair(&at, &first, &last);)
            if (c >= first && c <= last && (c - first) % CAPITALS[k].step == 0)
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
    uint32_t without, with;
    for (size_t k = 0; k < sizeof COMPOSED / sizeof *COMPOSED; k++)
        for (const char *at = COMPOSED[k].pairs;
             COMPOSED[k].mark == mark && next_pair(&at, &without, &with);)
            if (without == c)
                return with;
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
