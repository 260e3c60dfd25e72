#include "texts.h"

/* Swift's own way of embedding, a literal array, takes the compiler minutes for files of this size. A new language is a file and two
   lines here. */
#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char en[] = {
#embed "../Languages/Texts/en.yaml"
};
static const unsigned char de[] = {
#embed "../Languages/Texts/de.yaml"
};
static const unsigned char fr[] = {
#embed "../Languages/Texts/fr.yaml"
};
static const unsigned char es[] = {
#embed "../Languages/Texts/es.yaml"
};
static const unsigned char it[] = {
#embed "../Languages/Texts/it.yaml"
};
static const unsigned char pl[] = {
#embed "../Languages/Texts/pl.yaml"
};
static const unsigned char pt_BR[] = {
#embed "../Languages/Texts/pt-BR.yaml"
};
static const unsigned char ru[] = {
#embed "../Languages/Texts/ru.yaml"
};
static const unsigned char zh_Hans[] = {
#embed "../Languages/Texts/zh-Hans.yaml"
};
static const unsigned char ar[] = {
#embed "../Languages/Texts/ar.yaml"
};

static const struct embedded_texts all[] = {
    {"en.yaml", en, sizeof en},       {"de.yaml", de, sizeof de},
    {"fr.yaml", fr, sizeof fr},       {"es.yaml", es, sizeof es},
    {"it.yaml", it, sizeof it},       {"pl.yaml", pl, sizeof pl},
    {"pt-BR.yaml", pt_BR, sizeof pt_BR}, {"ru.yaml", ru, sizeof ru},
    {"zh-Hans.yaml", zh_Hans, sizeof zh_Hans}, {"ar.yaml", ar, sizeof ar},
};

const struct embedded_texts *embedded_texts(size_t *count) {
    *count = sizeof all / sizeof all[0];
    return all;
}
