/** How the cells of an import file are read. */
import { parseMoment } from '@rollgate/contract';
import type { Column } from './csv-file.js';

/** The schema of the API checks the values. */
export function textColumn(field: string): Column {
  return { field, read: (cell) => cell };
}

/** A limit in units; `default`: what applies without overrides. */
export function unitsColumn(field: string): Column {
  return { field, read: (cell) => (cell === 'default' ? null : wholeNumber(cell, ', or "default"')) };
}

/** Extra units. */
export function extraColumn(field: string): Column {
  return { field, read: wholeNumber };
}

/** A factor like 2 or 1.5. */
export function numberColumn(field: string): Column {
  return {
    field,
    read(cell) {
      if (!/^\d{1,4}(\.\d{1,3})?$/.test(cell)) throw new Error('must be a number like 2 or 1.5');
      return Number(cell);
    },
  };
}

/** ISO 8601 with an offset, or a delay such as `24h`. */
export function timeColumn(field: string): Column {
  return { field, read: moment };
}

/** An end must be written: an empty cell could be a forgotten one, and would never end. */
export function endColumn(field: string): Column {
  return { field, required: true, read: (cell) => (cell === 'never' ? null : moment(cell, ', or never')) };
}

export function yesNoColumn(field: string): Column {
  return {
    field,
    read(cell) {
      if (cell !== 'true' && cell !== 'false') throw new Error('must be true or false');
      return cell === 'true';
    },
  };
}

/** `bot=b-17`, or `bot=b-17&table=orders`. */
export function dimensionsColumn(field: string): Column {
  return {
    field,
    read(cell) {
      const pairs = cell.split('&').map((pair) => {
        const at = pair.indexOf('=');
        if (at < 1) throw new Error('must be written like bot=b-17, or bot=b-17&table=orders');
        return [pair.slice(0, at), pair.slice(at + 1)] as const;
      });
      return Object.fromEntries(pairs);
    },
  };
}

function wholeNumber(cell: string, more = ''): number {
  if (!/^\d{1,10}$/.test(cell)) throw new Error(`must be a whole number of units${more}`);
  return Number(cell);
}

function moment(cell: string, more = ''): string {
  const at = parseMoment(cell, Date.now());
  if (at === undefined) throw new Error(`must be a time like 2026-12-31T12:00:00Z, or a delay like 24h or 7d${more}`);
  return at;
}
