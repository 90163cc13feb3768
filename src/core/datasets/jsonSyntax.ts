import { parse, printParseErrorCode, type ParseError } from 'jsonc-parser';

/** No comments and no trailing commas: Python's reader takes neither. */
export const STRICT_JSON = { disallowComments: true, allowTrailingComma: false } as const;

const EXPLANATIONS: Readonly<Record<string, string>> = {
  InvalidSymbol: 'a word that JSON does not know (strings need double quotes)',
  InvalidNumberFormat: 'a malformed number',
  PropertyNameExpected: 'a name in double quotes is expected (or the comma before is one too many)',
  ValueExpected: 'a value is expected (or the comma before is one too many)',
  ColonExpected: 'a colon is expected',
  CommaExpected: 'a comma is expected',
  CloseBraceExpected: 'a closing } is missing',
  CloseBracketExpected: 'a closing ] is missing',
  EndOfFileExpected: 'there is more text after the end of the value',
  InvalidCommentToken: 'comments are not allowed',
  UnexpectedEndOfComment: 'comments are not allowed',
  UnexpectedEndOfString: 'a string is not closed',
  UnexpectedEndOfNumber: 'a number is cut off',
  InvalidUnicode: 'a malformed \\u escape',
  InvalidEscapeCharacter: 'an unknown \\ escape',
  InvalidCharacter: 'a control character in a string (write it as an escape, such as \\n)',
};

export interface JsonSyntaxError {
  readonly offset: number;
  readonly explanation: string;
}

/** Says in words what a parse error is. */
export function explainParseError(error: ParseError): JsonSyntaxError {
  const name = printParseErrorCode(error.error);
  return { offset: error.offset, explanation: EXPLANATIONS[name] ?? name };
}

/** Where and why a text that `JSON.parse` refuses is no JSON. */
export function findJsonError(text: string): JsonSyntaxError {
  const errors: ParseError[] = [];
  try {
    parse(text, errors, STRICT_JSON);
  } catch {
    return { offset: 0, explanation: 'it is nested too deeply' };
  }
  return errors[0] ? explainParseError(errors[0]) : { offset: 0, explanation: 'it cannot be parsed' };
}
