/** Parts of the names of what a look at a log must not print, though a lab's parts should not log it either. */
const SECRETS = [
    ...["passwd", "password", "secret", "token", "authorization", "credential"],
    ...["private_?key", "configdrive", "user_?data"],
];

/** A name and the sign before its value, as JSON, Python and klog write them. */
const NAME = String.raw`["']?\b\w*(?:${SECRETS.join("|")})\w*["']?\s*[:=]\s*`;
/** What is no secret: a mask already, or no value at all. */
const NOTHING = String.raw`["']?(?:\*|(?:None|null|true|false)\b)`;
const VALUE = String.raw`"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s,;}\])"']+`;
const NAMED = new RegExp(`(${NAME})(?!${NOTHING})(?:${VALUE})`, "gi");
/** What stands in a request's header. */
const LOGIN = /\b(Basic|Bearer)\s+[\w+/=.-]{8,}/g;
/** Name and password in a URL. */
const URL_LOGIN = /(\/\/)[^/\s:@]+:[^/\s@]+@/g;

/** A text of a log without passwords, tokens and the like. */
export const withoutSecrets = (text: string): string =>
    text.replace(LOGIN, "$1 ***").replace(NAMED, "$1***").replace(URL_LOGIN, "$1***@");
