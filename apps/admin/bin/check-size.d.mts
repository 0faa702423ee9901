export function firstLoad(): { sizes: { file: string; bytes: number }[]; kB: number; mostKB: number };
