/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/keymap.h"

#include <string.h>
#include <xkbcommon/xkbcommon.h>

#include "core/error.h"
#include "core/input.h"
#include "core/keynames.h"
#include "core/machine.h"

/* XKB keycodes of the "evdev" rules are evdev codes plus this (xkeyboard-config keycodes/evdev). */
#define XKB_EVDEV_OFFSET 8
#define KEYMAP_KEYS      256 /* X keycodes end at 255 */
#define KEYMAP_COMBOS    16  /* of the KeymapMods bits */

struct Keymap {
    struct xkb_context *context;
    struct xkb_keymap *xkb;
    guint32 syms[KEYMAP_KEYS][KEYMAP_COMBOS];
    GHashTable *strokes; /* keysym -> GArray of KeymapStroke */
};

/* QEMU's -k names that are not XKB layouts of the same name. */
static const struct {
    const char *name, *layout, *variant;
} keymap_aliases[] = {
    {"en-us", "us", NULL}, {"en-gb", "gb", NULL}, {"de-ch", "ch", NULL}, {"fr-be", "be", NULL},
    {"fr-ca", "ca", NULL}, {"pt-br", "br", NULL}, {"fr-ch", "ch", "fr"}, {"nl-be", "be", NULL},
    {"ja", "jp", NULL},    {"da", "dk", NULL},    {"sl", "si", NULL},    {"sv", "se", NULL},
    {"et", "ee", NULL},    {"ar", "ara", NULL},   {"cz", "cz", NULL},
};

/* Keysyms that other names of a key stand for, when the layout itself lacks them. */
static const struct {
    guint32 keysym;
    guint key;
} keymap_fallbacks[] = {
    {XKB_KEY_ISO_Level3_Shift, KEY_RIGHTALT},
    {XKB_KEY_Mode_switch, KEY_RIGHTALT},
    {XKB_KEY_Alt_R, KEY_RIGHTALT},
    {XKB_KEY_Meta_L, KEY_LEFTALT},
    {XKB_KEY_Meta_R, KEY_RIGHTALT},
    {XKB_KEY_Hyper_L, KEY_LEFTMETA},
    {XKB_KEY_ISO_Left_Tab, KEY_TAB},
    {XKB_KEY_Sys_Req, KEY_SYSRQ},
    {XKB_KEY_Break, KEY_PAUSE},
};

static void discard_message(struct xkb_context *context, enum xkb_log_level level,
                            const char *format, va_list args)
{
}

/* Splits "ch(fr)" and "us:dvorak"; resolves aliases. */
static void split_layout(const char *text, char **layout, char **variant)
{
    for (guint i = 0; i < G_N_ELEMENTS(keymap_aliases); i++) {
        if (strcmp(text, keymap_aliases[i].name) == 0) {
            *layout = g_strdup(keymap_aliases[i].layout);
            *variant = g_strdup(keymap_aliases[i].variant);
            return;
        }
    }
    gsize length = strcspn(text, "(:");
    *layout = g_strndup(text, length);
    *variant = NULL;
    if (text[length] != '\0') {
        const char *rest = text + length + 1;
        *variant = g_strndup(rest, strcspn(rest, ")"));
    }
}

/* A layout name is a file name in the XKB database: nothing else may be reached with it. */
static gboolean layout_name_is_sane(const char *name)
{
    return name[0] != '\0' &&
           strspn(name, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "_-") == strlen(name);
}

static gboolean compile(Keymap *keymap, const char *text, GError **error)
{
    g_autofree char *layout = NULL;
    g_autofree char *variant = NULL;
    split_layout(text, &layout, &variant);
    if (!layout_name_is_sane(layout) || (variant != NULL && !layout_name_is_sane(variant))) {
        return error_set(error, "'%s' is no keyboard layout (try 'us', 'de' or 'ch(fr)')", text);
    }
    keymap->context = xkb_context_new(XKB_CONTEXT_NO_ENVIRONMENT_NAMES);
    if (keymap->context == NULL) {
        return error_set(error, "cannot read the keyboard layouts (is xkb-data installed?)");
    }
    xkb_context_set_log_fn(keymap->context, discard_message);
    const struct xkb_rule_names names = {
        .rules = "evdev", .model = "pc105", .layout = layout, .variant = variant};
    keymap->xkb = xkb_keymap_new_from_names(keymap->context, &names, XKB_KEYMAP_COMPILE_NO_FLAGS);
    if (keymap->xkb == NULL) {
        return error_set(error, "no keyboard layout '%s' in the XKB database", text);
    }
    return TRUE;
}

static void tap(struct xkb_state *state, guint key)
{
    xkb_state_update_key(state, key + XKB_EVDEV_OFFSET, XKB_KEY_DOWN);
    xkb_state_update_key(state, key + XKB_EVDEV_OFFSET, XKB_KEY_UP);
}

static void hold(struct xkb_state *state, guint key)
{
    xkb_state_update_key(state, key + XKB_EVDEV_OFFSET, XKB_KEY_DOWN);
}

/* Notes what every key gives while the modifiers `mods` are held and on. */
static void walk(Keymap *keymap, guint mods)
{
    struct xkb_state *state = xkb_state_new(keymap->xkb);
    if (mods & KEYMAP_CAPSLOCK) {
        tap(state, KEY_CAPSLOCK);
    }
    if (mods & KEYMAP_NUMLOCK) {
        tap(state, KEY_NUMLOCK);
    }
    if (mods & KEYMAP_SHIFT) {
        hold(state, KEY_LEFTSHIFT);
    }
    if (mods & KEYMAP_ALTGR) {
        hold(state, KEY_RIGHTALT);
    }
    for (guint key = 1; key < KEYMAP_KEYS - XKB_EVDEV_OFFSET; key++) {
        /* XKB also gives keycodes to keys that no keyboard has (a virtual Meta, say). */
        if (key_name(key) != NULL) {
            keymap->syms[key][mods] = xkb_state_key_get_one_sym(state, key + XKB_EVDEV_OFFSET);
        }
    }
    xkb_state_unref(state);
}

/* Which modifiers make a difference to a key. */
static guint mask_of(const guint32 syms[KEYMAP_COMBOS])
{
    guint mask = 0;
    for (guint combo = 0; combo < KEYMAP_COMBOS; combo++) {
        for (guint bit = 1; bit < KEYMAP_COMBOS; bit <<= 1) {
            if (syms[combo] != syms[combo ^ bit]) {
                mask |= bit;
            }
        }
    }
    return mask;
}

/* The 102nd key is missing on US keyboards and means something else to many guests. */
static guint stroke_cost(const KeymapStroke *stroke)
{
    return (stroke->mods & KEYMAP_CAPSLOCK ? 4000 : 0) +
           (stroke->mods & KEYMAP_NUMLOCK ? 2000 : 0) + (stroke->mods & KEYMAP_ALTGR ? 1000 : 0) +
           (stroke->key == KEY_102ND ? 500 : 0) + (stroke->mods & KEYMAP_SHIFT ? 10 : 0) +
           stroke->key;
}

static gint compare_strokes(gconstpointer a, gconstpointer b)
{
    return (gint)stroke_cost(a) - (gint)stroke_cost(b);
}

static void add_stroke(Keymap *keymap, guint32 keysym, guint key, guint mods, guint mask)
{
    gpointer id = GUINT_TO_POINTER(keysym);
    GArray *strokes = g_hash_table_lookup(keymap->strokes, id);
    if (strokes == NULL) {
        strokes = g_array_new(FALSE, FALSE, sizeof(KeymapStroke));
        g_hash_table_insert(keymap->strokes, id, strokes);
    }
    KeymapStroke stroke = {.key = key, .mods = mods, .mask = mask};
    g_array_append_val(strokes, stroke);
}

static void index_strokes(Keymap *keymap)
{
    for (guint key = 0; key < KEYMAP_KEYS; key++) {
        guint mask = mask_of(keymap->syms[key]);
        for (guint mods = 0; mods < KEYMAP_COMBOS; mods++) {
            guint32 keysym = keymap->syms[key][mods];
            if (keysym != XKB_KEY_NoSymbol && (mods & ~mask) == 0) {
                add_stroke(keymap, keysym, key, mods, mask);
            }
        }
    }
    GHashTableIter iter;
    gpointer strokes;
    g_hash_table_iter_init(&iter, keymap->strokes);
    while (g_hash_table_iter_next(&iter, NULL, &strokes)) {
        g_array_sort(strokes, compare_strokes);
    }
}

static void free_strokes(gpointer strokes)
{
    g_array_unref(strokes);
}

static gboolean find_exact(const Keymap *keymap, guint32 keysym, guint mods, KeymapStroke *stroke)
{
    const KeymapStroke *strokes;
    guint count = keymap_lookup(keymap, keysym, &strokes);
    for (guint i = 0; i < count; i++) {
        gboolean doubtful = strokes[i].key == KEY_102ND && strokes[0].key != KEY_102ND;
        if (!doubtful && (mods & strokes[i].mask) == strokes[i].mods) {
            *stroke = strokes[i];
            return TRUE;
        }
    }
    if (count > 0) {
        *stroke = strokes[0];
    }
    return count > 0;
}

Keymap *keymap_new(const char *layout, GError **error)
{
    g_autoptr(Keymap) keymap = g_new0(Keymap, 1);
    keymap->strokes = g_hash_table_new_full(NULL, NULL, NULL, free_strokes);
    if (!compile(keymap, layout != NULL ? layout : "us", error)) {
        return NULL;
    }
    for (guint mods = 0; mods < KEYMAP_COMBOS; mods++) {
        walk(keymap, mods);
    }
    index_strokes(keymap);
    return g_steal_pointer(&keymap);
}

void keymap_free(Keymap *keymap)
{
    if (keymap == NULL) {
        return;
    }
    g_hash_table_unref(keymap->strokes);
    xkb_keymap_unref(keymap->xkb);
    xkb_context_unref(keymap->context);
    g_free(keymap);
}

const Keymap *machine_keymap(Machine *machine, GError **error)
{
    if (machine->keymap == NULL) {
        machine->keymap = keymap_new(machine->keymap_layout, error);
    }
    return machine->keymap;
}

guint keymap_lookup(const Keymap *keymap, guint32 keysym, const KeymapStroke **strokes)
{
    GArray *array = g_hash_table_lookup(keymap->strokes, GUINT_TO_POINTER(keysym));
    if (array == NULL) {
        *strokes = NULL;
        return 0;
    }
    *strokes = (const KeymapStroke *)(void *)array->data;
    return array->len;
}

gboolean keymap_find(const Keymap *keymap, guint32 keysym, guint mods, KeymapStroke *stroke)
{
    if (find_exact(keymap, keysym, mods, stroke)) {
        return TRUE;
    }
    for (guint i = 0; i < G_N_ELEMENTS(keymap_fallbacks); i++) {
        if (keymap_fallbacks[i].keysym == keysym) {
            *stroke = (KeymapStroke){.key = keymap_fallbacks[i].key};
            return TRUE;
        }
    }
    /* A symbol may travel as its old keysym or as its Unicode one (X11 protocol, appendix A). */
    guint32 ch = xkb_keysym_to_utf32(keysym);
    guint32 other = ch != 0 ? xkb_utf32_to_keysym(ch) : XKB_KEY_NoSymbol;
    if (other != XKB_KEY_NoSymbol && other != keysym && find_exact(keymap, other, mods, stroke)) {
        return TRUE;
    }
    other = xkb_keysym_to_lower(keysym);
    if (other == keysym) {
        other = xkb_keysym_to_upper(keysym);
    }
    return other != keysym && find_exact(keymap, other, mods, stroke);
}

gboolean keymap_find_char(const Keymap *keymap, gunichar ch, guint mods, KeymapStroke *stroke)
{
    guint32 keysym = ch == '\n' ? XKB_KEY_Return : xkb_utf32_to_keysym(ch);
    return keysym != XKB_KEY_NoSymbol && find_exact(keymap, keysym, mods, stroke);
}

guint32 keymap_keysym(const Keymap *keymap, guint key, guint mods)
{
    return key < KEYMAP_KEYS ? keymap->syms[key][mods % KEYMAP_COMBOS] : XKB_KEY_NoSymbol;
}

guint keymap_key_by_name(const Keymap *keymap, const char *name)
{
    xkb_keycode_t code = xkb_keymap_key_by_name(keymap->xkb, name);
    return code == XKB_KEYCODE_INVALID || code < XKB_EVDEV_OFFSET ? 0 : code - XKB_EVDEV_OFFSET;
}
