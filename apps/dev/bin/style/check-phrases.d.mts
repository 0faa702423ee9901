export function checkPhrases(path: string, text: string): string[];
