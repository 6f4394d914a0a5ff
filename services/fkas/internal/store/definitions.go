package store

import (
	"slices"

	"k8s.io/apiextensions-apiserver/pkg/apihelpers"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// establish says of the definition of a resource that it is in force.
func (c *Cluster) establish(key types.NamespacedName, obj client.Object) {
	if isEstablished(obj.(*apiextensionsv1.CustomResourceDefinition)) {
		return
	}
	c.change(definitionKind, key, func(next client.Object) {
		definition := next.(*apiextensionsv1.CustomResourceDefinition)
		condition := func(kind apiextensionsv1.CustomResourceDefinitionConditionType, reason, message string) {
			apihelpers.SetCRDCondition(definition, apiextensionsv1.CustomResourceDefinitionCondition{
				Type: kind, Status: apiextensionsv1.ConditionTrue, LastTransitionTime: metav1.Now(),
				Reason: reason, Message: message,
			})
		}
		condition(apiextensionsv1.NamesAccepted, "NoConflicts", "no conflicts found")
		condition(apiextensionsv1.Established, "InitialNamesAccepted", "the initial names have been accepted")
		definition.Status.AcceptedNames = definition.Spec.Names
		if stored := storageVersion(definition); !slices.Contains(definition.Status.StoredVersions, stored) {
			definition.Status.StoredVersions = append(definition.Status.StoredVersions, stored)
		}
	})
}

func isEstablished(definition *apiextensionsv1.CustomResourceDefinition) bool {
	return apihelpers.IsCRDConditionTrue(definition, apiextensionsv1.Established) &&
		equality.Semantic.DeepEqual(definition.Status.AcceptedNames, definition.Spec.Names) &&
		slices.Contains(definition.Status.StoredVersions, storageVersion(definition))
}

func storageVersion(definition *apiextensionsv1.CustomResourceDefinition) string {
	for _, version := range definition.Spec.Versions {
		if version.Storage {
			return version.Name
		}
	}
	return ""
}

// CustomKind is the kind by which the store knows custom resources, in whatever version their clients see them.
func CustomKind(kind schema.GroupKind) schema.GroupVersionKind { return kind.WithVersion("custom") }

// removeCustom deletes the objects of a definition.
func (c *Cluster) removeCustom(obj client.Object) {
	definition := obj.(*apiextensionsv1.CustomResourceDefinition)
	kind := CustomKind(schema.GroupKind{Group: definition.Spec.Group, Kind: definition.Spec.Names.Kind})
	found, _ := c.List(kind, "")
	for _, custom := range found {
		c.remove(kind, client.ObjectKeyFromObject(custom))
	}
}
