// Package options reads FKAS's flags and environment and validates them. An error names every problem at once, with the
// flag, its value and the rule.
//
// Every flag has an environment variable: FKAS_ and the flag's name in upper case with underscores. The flag wins.
// POD_IP, POD_NAMESPACE and DEBUG are read as well; POD_IP and DEBUG have the same meaning in upstream's FKAS.
package options
