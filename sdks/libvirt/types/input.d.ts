import * as pulumi from "@pulumi/pulumi";
import * as inputs from "../types/input";
export interface NetworkDhcp {
    enabled?: pulumi.Input<boolean | undefined>;
}
export interface NetworkDns {
    enabled?: pulumi.Input<boolean | undefined>;
    forwarders?: pulumi.Input<pulumi.Input<inputs.NetworkDnsForwarder>[] | undefined>;
    hosts?: pulumi.Input<pulumi.Input<inputs.NetworkDnsHost>[] | undefined>;
    localOnly?: pulumi.Input<boolean | undefined>;
    srvs?: pulumi.Input<pulumi.Input<inputs.NetworkDnsSrv>[] | undefined>;
}
export interface NetworkDnsForwarder {
    address?: pulumi.Input<string | undefined>;
    domain?: pulumi.Input<string | undefined>;
}
export interface NetworkDnsHost {
    hostname?: pulumi.Input<string | undefined>;
    ip?: pulumi.Input<string | undefined>;
}
export interface NetworkDnsSrv {
    domain?: pulumi.Input<string | undefined>;
    port?: pulumi.Input<string | undefined>;
    priority?: pulumi.Input<string | undefined>;
    protocol?: pulumi.Input<string | undefined>;
    service?: pulumi.Input<string | undefined>;
    target?: pulumi.Input<string | undefined>;
    weight?: pulumi.Input<string | undefined>;
}
export interface NetworkDnsmasqOptions {
    options?: pulumi.Input<pulumi.Input<inputs.NetworkDnsmasqOptionsOption>[] | undefined>;
}
export interface NetworkDnsmasqOptionsOption {
    optionName?: pulumi.Input<string | undefined>;
    optionValue?: pulumi.Input<string | undefined>;
}
export interface NetworkRoute {
    cidr: pulumi.Input<string>;
    gateway: pulumi.Input<string>;
}
export interface NetworkXml {
    xslt?: pulumi.Input<string | undefined>;
}
