/** Fields of a log line: names, sizes, positions. Never row values or secrets. */
export type LogFields = Readonly<Record<string, string | number | bigint | boolean | undefined>>;

/** Where libraries say what they do. Never called once a row. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to every line. */
  child(fields: LogFields): Logger;
}

const nothing = (): void => {
  // A silent logger.
};

/** Drops every line. */
export const silentLogger: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => silentLogger,
};
