// libedit, whose setters are variadic and therefore out of Swift's reach, and what else a terminal's program needs of C.
#include <errno.h>
#include <histedit.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

typedef char *(*editline_prompt)(EditLine *);
typedef unsigned char (*editline_function)(EditLine *, int);

static inline EditLine *editline_start(const char *program) { return el_init(program, stdin, stdout, stderr); }

static inline int editline_set_client_data(EditLine *editor, void *data) { return el_set(editor, EL_CLIENTDATA, data); }

static inline void *editline_client_data(EditLine *editor) {
    void *data = NULL;
    return el_get(editor, EL_CLIENTDATA, &data) == 0 ? data : NULL;
}

// What is between two of the markers takes no column.
static inline int editline_set_prompt(EditLine *editor, editline_prompt prompt, char marker) {
    return el_set(editor, EL_PROMPT_ESC, prompt, (int)marker);
}

static inline int editline_set_editor(EditLine *editor, const char *name) { return el_set(editor, EL_EDITOR, name); }

static inline int editline_set_reader(EditLine *editor, el_rfunc_t reader) { return el_set(editor, EL_GETCFN, reader); }

static inline int editline_add(EditLine *editor, const char *name, const char *help, editline_function function) {
    return el_set(editor, EL_ADDFN, name, help, function);
}

static inline int editline_bind(EditLine *editor, const char *key, const char *function) {
    return el_set(editor, EL_BIND, key, function, NULL);
}

static inline int editline_set_history(EditLine *editor, History *lines) {
    return el_set(editor, EL_HIST, history, lines);
}

// Puts the terminal into the mode for editing, also after the process was stopped and goes on: what the terminal was set
// to meanwhile is not known to libedit, which does nothing where it believes to have set it.
static inline void editline_prepare_terminal(EditLine *editor) {
    el_set(editor, EL_PREP_TERM, 0);
    el_set(editor, EL_PREP_TERM, 1);
}

static inline void editline_refresh(EditLine *editor) { el_set(editor, EL_REFRESH); }

static inline int editline_history_set_size(History *lines, int size) {
    HistEvent event;
    return history(lines, &event, H_SETSIZE, size);
}

// Leaves out a line that is the same as the one before.
static inline int editline_history_set_unique(History *lines) {
    HistEvent event;
    return history(lines, &event, H_SETUNIQUE, 1);
}

static inline int editline_history_enter(History *lines, const char *line) {
    HistEvent event;
    return history(lines, &event, H_ENTER, line);
}

// The columns and rows of a terminal; 0 where there is none.
static inline int terminal_size(int descriptor, unsigned short *columns, unsigned short *rows) {
    struct winsize size;
    if (ioctl(descriptor, TIOCGWINSZ, &size) != 0) { return -1; }
    *columns = size.ws_col;
    *rows = size.ws_row;
    return 0;
}
