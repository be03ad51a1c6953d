const MAX_EVENT_LENGTH = 64 * 1024;

/**
 * Reads server-sent events piece by piece: `feed` returns the data of the events that a chunk of text completed.
 * An event longer than 64 KiB is dropped, so that a stream without line ends costs no memory.
 */
export function createEventReader(): { feed(chunk: string): string[] } {
  let line = "";
  let lineIsEmpty = true;
  let data: string[] = [];
  let length = 0;
  let lastWasCr = false;

  function endLine(done: string[]): void {
    const value = /^data:? ?(.*)$/s.exec(line)?.[1];
    line = "";
    if (lineIsEmpty) {
      if (data.length > 0 && length <= MAX_EVENT_LENGTH) done.push(data.join("\n"));
      data = [];
      length = 0;
      return;
    }
    lineIsEmpty = true;
    if (value !== undefined && length <= MAX_EVENT_LENGTH) data.push(value);
  }

  function append(text: string): void {
    if (text === "") return;
    lineIsEmpty = false;
    length += text.length;
    if (length <= MAX_EVENT_LENGTH) line += text;
  }

  return {
    feed(chunk) {
      const done: string[] = [];
      // A line ends with CR LF, LF or CR; a pair may be split between chunks.
      for (const [index, part] of (lastWasCr ? chunk.replace(/^\n/, "") : chunk)
        .split(/\r\n|\n|\r/)
        .entries()) {
        if (index > 0) endLine(done);
        append(part);
      }
      lastWasCr = chunk === "" ? lastWasCr : chunk.endsWith("\r");
      return done;
    },
  };
}
