import { DOMParser, onErrorStopParsing, type Element } from "@xmldom/xmldom";

/**
 * Parses an XML document.
 * @returns its root element
 * @throws Error when the text is not well-formed
 */
export function parseXml(text: string): Element {
    const root = new DOMParser({ onError: onErrorStopParsing }).parseFromString(text, "text/xml").documentElement;
    if (root === null) {
        throw new Error("an XML document without a root element");
    }
    return root;
}

/** The elements of a name that stand directly in another element, in their order. */
export const childElements = (parent: Element, name: string): Element[] =>
    [...parent.childNodes].filter((node): node is Element => node.nodeName === name);

/** The value of an attribute of an element. Undefined where there is no such element or attribute. */
export const attributeOf = (element: Element | undefined, name: string): string | undefined =>
    element?.getAttribute(name) ?? undefined;
