/** One thing that is wrong: which key, what it holds, and the rule that it breaks. */
export interface Problem {
    key: string;
    value: string;
    rule: string;
}
