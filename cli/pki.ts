// Labs that were made before the task moved have this path in their state (see components/lab-pki.ts).
import "../tasks/pki";
