const LARGEST_ID = 0xffff_fffe;

/** Numbers for data files, so that a location takes one word for its file. */
export class FileRegistry {
  readonly #ids = new Map<string, number>();
  readonly #paths = new Map<number, string>();
  #next = 0;

  get size(): number {
    return this.#ids.size;
  }

  /** The number of a path; a new one for a path that has none. Numbers are never given again. */
  add(path: string): number {
    const known = this.#ids.get(path);
    if (known !== undefined) return known;
    if (this.#next > LARGEST_ID) throw new RangeError('There are no more numbers for files');
    const id = this.#next++;
    this.#ids.set(path, id);
    this.#paths.set(id, path);
    return id;
  }

  /** The number of a path, or undefined when it has none. */
  id(path: string): number | undefined {
    return this.#ids.get(path);
  }

  /** @throws RangeError for a number that no path has. */
  path(id: number): string {
    const path = this.#paths.get(id);
    if (path === undefined) throw new RangeError(`No file has the number ${String(id)}`);
    return path;
  }

  /** Forgets a path that the table has no more; false when it was not known. */
  delete(path: string): boolean {
    const id = this.#ids.get(path);
    if (id === undefined) return false;
    this.#ids.delete(path);
    return this.#paths.delete(id);
  }
}
