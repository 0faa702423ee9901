export function checkTestFunctions(path: string, text: string): string[];
export function checkSqlLines(path: string, text: string): string[];
