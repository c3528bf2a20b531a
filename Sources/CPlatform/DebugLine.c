// Reads DWARF line tables (versions 2 to 5): the source file and line of a call, for error messages.
//
// A line table is a list of units, each a header and a program for a small machine whose rows (address, file, line)
// grow in address within a sequence; a row holds up to the next row's address. See the DWARF 5 standard, section 6.2.

#include "CPlatform.h"
#include "Image.h"

#include <stdio.h>
#include <string.h>

/// Reads forward; after a read past the end `failed` is set and every read gives 0.
struct reader {
  const uint8_t *at;
  const uint8_t *end;
  int failed;
};

static struct reader reader_of(struct martlet_bytes bytes) {
  struct reader reader = {bytes.start, bytes.start + bytes.count, 0};
  return reader;
}

static size_t bytes_left(const struct reader *reader) { return (size_t)(reader->end - reader->at); }

static void skip(struct reader *reader, uint64_t count) {
  if (count > bytes_left(reader)) {
    reader->failed = 1;
    reader->at = reader->end;
  } else {
    reader->at += count;
  }
}

/// A little-endian number of up to 8 bytes.
static uint64_t fixed(struct reader *reader, unsigned size) {
  const uint8_t *start = reader->at;
  skip(reader, size);
  if (reader->failed || size > 8) return 0;
  uint64_t value = 0;
  memcpy(&value, start, size);
  return value;
}

/// A number in LEB128, unsigned; bits beyond 64 are dropped.
static uint64_t uleb(struct reader *reader) {
  uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    uint64_t byte = fixed(reader, 1);
    if (shift < 64) value |= (byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
}

static int64_t sleb(struct reader *reader) {
  uint64_t value = 0;
  for (unsigned shift = 0;;) {
    uint64_t byte = fixed(reader, 1);
    if (shift < 64) value |= (byte & 0x7f) << shift;
    shift += 7;
    if ((byte & 0x80) != 0) continue;
    if (shift < 64 && (byte & 0x40) != 0) value |= ~(uint64_t)0 << shift;
    return (int64_t)value;
  }
}

/// A text that ends in a zero byte, or NULL.
static const char *text(struct reader *reader) {
  const uint8_t *start = reader->at;
  const uint8_t *zero = memchr(start, 0, bytes_left(reader));
  if (zero == NULL) {
    reader->failed = 1;
    reader->at = reader->end;
    return NULL;
  }
  reader->at = zero + 1;
  return (const char *)start;
}

static const char *text_in(struct martlet_bytes section, uint64_t offset) {
  if (section.start == NULL || offset >= section.count) return NULL;
  struct reader reader = {section.start + offset, section.start + section.count, 0};
  return text(&reader);
}

struct unit {
  struct reader tables;
  struct reader program;
  uint64_t version;
  unsigned offset_size;
  uint64_t minimum_instruction;
  int64_t line_base;
  uint64_t line_range;
  uint64_t opcode_base;
  const uint8_t *opcode_lengths;
};

/// Reads one unit's header and moves `section` behind the unit. Returns 0 when it cannot be read.
static int next_unit(struct reader *section, struct unit *unit) {
  unit->offset_size = 4;
  uint64_t length = fixed(section, 4);
  if (length == 0xffffffffu) {
    unit->offset_size = 8;
    length = fixed(section, 8);
  }
  struct reader reader = *section;
  skip(section, length);
  if (section->failed) return 0;
  reader.end = section->at;

  unit->version = fixed(&reader, 2);
  if (unit->version < 2 || unit->version > 5) return 0;
  if (unit->version == 5) skip(&reader, 2);
  uint64_t header_length = fixed(&reader, unit->offset_size);
  unit->program = reader;
  skip(&unit->program, header_length);
  reader.end = unit->program.at;
  unit->minimum_instruction = fixed(&reader, 1);
  if (unit->version >= 4) skip(&reader, 1);
  skip(&reader, 1);
  unit->line_base = (int8_t)fixed(&reader, 1);
  unit->line_range = fixed(&reader, 1);
  unit->opcode_base = fixed(&reader, 1);
  unit->opcode_lengths = reader.at;
  skip(&reader, unit->opcode_base > 0 ? unit->opcode_base - 1 : 0);
  unit->tables = reader;
  return !reader.failed && !unit->program.failed && unit->line_range > 0 && unit->opcode_base > 0;
}

struct row {
  uint64_t address;
  uint64_t file;
  int64_t line;
};

struct sequence {
  struct row row;
  struct row previous;
  /// The last row with a line, since the compiler gives its own code line 0.
  struct row named;
  int has_previous;
  int is_dead;
};

static void begin_sequence(struct sequence *sequence) {
  memset(sequence, 0, sizeof *sequence);
  sequence->row.file = 1;
  sequence->row.line = 1;
}

/// Adds the machine's row; returns 1 when the row before it holds `address` and leaves the answer in `named`.
static int add_row(struct sequence *sequence, uint64_t address, uint64_t function_start) {
  const struct row *previous = &sequence->previous;
  // The linker leaves the sequences of functions it dropped at address 0.
  if (!sequence->has_previous) sequence->is_dead = sequence->row.address == 0;
  if (sequence->has_previous && !sequence->is_dead && previous->address <= address &&
      address < sequence->row.address) {
    return sequence->named.line > 0 &&
           (previous->line > 0 || (function_start > 0 && sequence->named.address >= function_start));
  }
  sequence->previous = sequence->row;
  sequence->has_previous = 1;
  if (sequence->row.line > 0) sequence->named = sequence->row;
  return 0;
}

/// Runs a unit's program; returns 1 when one of its rows holds `address`.
static int run_program(const struct unit *unit, uint64_t address, uint64_t function_start, struct row *found) {
  struct reader program = unit->program;
  struct sequence sequence;
  begin_sequence(&sequence);
  while (bytes_left(&program) > 0 && !program.failed) {
    uint64_t opcode = fixed(&program, 1);
    int adds_row = 0;
    int ends_sequence = 0;
    if (opcode >= unit->opcode_base) {
      uint64_t adjusted = opcode - unit->opcode_base;
      sequence.row.address += adjusted / unit->line_range * unit->minimum_instruction;
      sequence.row.line += unit->line_base + (int64_t)(adjusted % unit->line_range);
      adds_row = 1;
    } else {
      switch (opcode) {
        case 0: {  // An extended opcode, with its length.
          uint64_t length = uleb(&program);
          struct reader operands = program;
          skip(&program, length);
          operands.end = program.at;
          if (program.failed || length == 0) break;
          uint64_t extended = fixed(&operands, 1);
          if (extended == 1) {
            adds_row = 1;
            ends_sequence = 1;
          } else if (extended == 2) {
            sequence.row.address = fixed(&operands, length - 1 <= 8 ? (unsigned)length - 1 : 8);
          }
          break;
        }
        case 1: adds_row = 1; break;
        case 2: sequence.row.address += uleb(&program) * unit->minimum_instruction; break;
        case 3: sequence.row.line = (int64_t)((uint64_t)sequence.row.line + (uint64_t)sleb(&program)); break;
        case 4: sequence.row.file = uleb(&program); break;
        case 8:
          sequence.row.address += (255 - unit->opcode_base) / unit->line_range * unit->minimum_instruction;
          break;
        case 9: sequence.row.address += fixed(&program, 2); break;
        default:  // The rest changes nothing looked for; the header tells how many operands to skip.
          for (unsigned i = 0; i < unit->opcode_lengths[opcode - 1]; i++) uleb(&program);
      }
    }
    if (adds_row && add_row(&sequence, address, function_start)) {
      *found = sequence.named;
      return 1;
    }
    if (ends_sequence) begin_sequence(&sequence);
  }
  return 0;
}

/// The directory and name of a file; the directory is NULL where the name stands alone.
struct file_name {
  const char *directory;
  const char *name;
};

/// Versions 2 to 4: texts, each list ended by an empty one; numbered from 1.
static struct file_name old_file_name(struct unit *unit, uint64_t file) {
  struct file_name answer = {NULL, NULL};
  struct reader directories = unit->tables;
  struct reader reader = unit->tables;
  const char *entry;
  while ((entry = text(&reader)) != NULL && entry[0] != 0) continue;
  for (uint64_t i = 1; (entry = text(&reader)) != NULL && entry[0] != 0; i++) {
    uint64_t directory = uleb(&reader);
    uleb(&reader);
    uleb(&reader);
    if (i != file) continue;
    answer.name = entry;
    for (uint64_t k = 1; k <= directory && (entry = text(&directories)) != NULL && entry[0] != 0; k++) {
      if (k == directory) answer.directory = entry;
    }
    break;
  }
  return answer;
}

struct text_sections {
  struct martlet_bytes texts;
  struct martlet_bytes line_texts;
};

/// Reads one attribute of a version 5 entry: a text or a number.
static const char *attribute(
    struct reader *reader, uint64_t form, unsigned offset_size, const struct text_sections *sections,
    uint64_t *number) {
  *number = 0;
  switch (form) {
    case 0x08: return text(reader);
    case 0x0e: return text_in(sections->texts, fixed(reader, offset_size));
    case 0x1f: return text_in(sections->line_texts, fixed(reader, offset_size));
    case 0x0b: *number = fixed(reader, 1); break;
    case 0x05: *number = fixed(reader, 2); break;
    case 0x06: *number = fixed(reader, 4); break;
    case 0x07: *number = fixed(reader, 8); break;
    case 0x0f: *number = uleb(reader); break;
    case 0x1e: skip(reader, 16); break;
    case 0x09: skip(reader, uleb(reader)); break;
    default: reader->failed = 1;
  }
  return NULL;
}

/// Reads one version 5 table up to entry `wanted` (all of it when that is beyond the end).
static const char *new_entry(
    struct reader *reader, unsigned offset_size, const struct text_sections *sections, uint64_t wanted,
    uint64_t *directory) {
  uint64_t format_count = fixed(reader, 1);
  struct reader format = *reader;
  for (uint64_t i = 0; i < 2 * format_count; i++) uleb(reader);
  uint64_t count = uleb(reader);
  const char *answer = NULL;
  // An entry without attributes takes no bytes, so only the end of the bytes bounds what a bad count may ask for.
  for (uint64_t i = 0; i < count && format_count > 0 && !reader->failed; i++) {
    struct reader entry_format = format;
    const char *path = NULL;
    uint64_t index = 0;
    for (uint64_t k = 0; k < format_count; k++) {
      uint64_t content = uleb(&entry_format);
      uint64_t form = uleb(&entry_format);
      uint64_t number;
      const char *value = attribute(reader, form, offset_size, sections, &number);
      if (content == 1) path = value;
      if (content == 2) index = number;
    }
    if (i == wanted && !reader->failed) {
      answer = path;
      *directory = index;
    }
  }
  return answer;
}

/// Version 5: two tables with formats; numbered from 0, where directory 0 is the compiler's working directory.
static struct file_name new_file_name(struct unit *unit, uint64_t file, const struct text_sections *sections) {
  struct file_name answer = {NULL, NULL};
  uint64_t directory = 0;
  uint64_t unused = 0;
  struct reader reader = unit->tables;
  new_entry(&reader, unit->offset_size, sections, UINT64_MAX, &unused);
  answer.name = new_entry(&reader, unit->offset_size, sections, file, &directory);
  reader = unit->tables;
  answer.directory = new_entry(&reader, unit->offset_size, sections, directory, &unused);
  return answer;
}

static int find_line(const struct martlet_image *image, char *file, size_t file_size, int *line) {
  struct martlet_bytes lines = martlet_image_section(image, ".debug_line");
  if (lines.start == NULL) return 0;
  const char *name;
  uint64_t function_start = martlet_image_function(image, &name);
  struct reader section = reader_of(lines);
  while (bytes_left(&section) > 0 && !section.failed) {
    struct unit unit;
    struct row found;
    if (!next_unit(&section, &unit) || !run_program(&unit, image->address, function_start, &found)) continue;
    struct text_sections sections = {
        martlet_image_section(image, ".debug_str"), martlet_image_section(image, ".debug_line_str")};
    struct file_name answer =
        unit.version == 5 ? new_file_name(&unit, found.file, &sections) : old_file_name(&unit, found.file);
    if (answer.name == NULL || found.line > INT32_MAX) return 0;
    int is_whole = answer.name[0] == '/' || answer.directory == NULL;
    snprintf(file, file_size, "%s%s%s", is_whole ? "" : answer.directory, is_whole ? "" : "/", answer.name);
    *line = (int)found.line;
    return 1;
  }
  return 0;
}

int martlet_source_line(const void *pc, char *file, size_t file_size, int *line) {
  struct martlet_image image;
  *line = 0;
  if (file_size > 0) file[0] = 0;
  // A return address may already belong to the next line: the call ends one byte before it.
  if (!martlet_image_find((const char *)pc - 1, &image) || !martlet_image_open(&image)) return 0;
  int found = find_line(&image, file, file_size, line);
  martlet_image_close(&image);
  return found;
}
