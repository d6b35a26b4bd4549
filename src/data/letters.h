/* letters.h -- just enough of Unicode to split and compare words. Private. */
#ifndef DATA_LETTERS_H
#define DATA_LETTERS_H

#include <stdbool.h>
#include <stdint.h>

/* Simple lower case for Latin, Greek and Cyrillic. */
uint32_t data_lower_case(uint32_t c);

/* The one letter that a small letter and a combining mark are; 0: there is none. */
uint32_t data_compose(uint32_t c, uint32_t mark);

/* Letters and digits; beyond ASCII, all but the usual spaces and punctuation. */
bool data_is_letter(uint32_t c);

#endif
