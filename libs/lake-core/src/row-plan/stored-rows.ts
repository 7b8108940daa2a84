/** Rows of data files: those of files[i] are rows[starts[i], starts[i + 1]), ascending. */
export interface StoredRows {
  /** Each file once, in ascending order. */
  readonly files: Uint32Array;
  /** One element more than files. */
  readonly starts: Uint32Array;
  readonly rows: Uint32Array;
}

/** Columns of equal length that name stored rows: row[i] of file[i]. */
export interface Locations {
  readonly file: Uint32Array;
  readonly row: Uint32Array;
}

export interface GroupedRows {
  readonly stored: StoredRows;
  /** places[i] is where the i-th chosen location stands in `stored.rows`. */
  readonly places: Uint32Array;
}

/** Groups the locations that `chosen` names by file and sorts each file's rows. */
export function groupRows(locations: Locations, chosen: Uint32Array): GroupedRows {
  const counts = new Map<number, number>();
  for (const at of chosen) {
    const file = locations.file[at] ?? 0;
    counts.set(file, (counts.get(file) ?? 0) + 1);
  }
  const files = Uint32Array.from(counts.keys()).sort();
  const starts = new Uint32Array(files.length + 1);
  const next = new Map<number, number>();
  files.forEach((file, i) => {
    next.set(file, starts[i] ?? 0);
    starts[i + 1] = (starts[i] ?? 0) + (counts.get(file) ?? 0);
  });
  // Row above, number of the choice below: sorted as one 64-bit number, without a comparison in
  // JavaScript. Typed arrays are little-endian on every platform that Node.js runs on.
  const halves = new Uint32Array(chosen.length * 2);
  const pairs = new BigUint64Array(halves.buffer);
  chosen.forEach((at, i) => {
    const file = locations.file[at] ?? 0;
    const place = next.get(file) ?? 0;
    next.set(file, place + 1);
    halves[place * 2] = i;
    halves[place * 2 + 1] = locations.row[at] ?? 0;
  });
  files.forEach((_, i) => pairs.subarray(starts[i], starts[i + 1]).sort());
  const rows = new Uint32Array(chosen.length);
  const places = new Uint32Array(chosen.length);
  for (let place = 0; place < rows.length; place++) {
    rows[place] = halves[place * 2 + 1] ?? 0;
    places[halves[place * 2] ?? 0] = place;
  }
  return { stored: { files, starts, rows }, places };
}
