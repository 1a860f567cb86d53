/*
 * objects/shapes_meta.c - what objects of every kind share: metadata, selectors, conditions,
 * references to other objects. Immutable tables; any thread.
 */
#include "objects/shapes_internal.h"

const struct shape shape_anything = {.name = "Object",
                                     .doc = "Any object; its members are not looked at."};

static const struct field empty_rows[] = {{0}};
SHAPE(empty, "Empty", "Nothing; being there is the meaning.");

static const struct field owner_reference_rows[] = {
    TEXT("apiVersion", "Group and version of the owner.", .flags = FIELD_REQUIRED),
    TEXT("kind", "Kind of the owner.", .flags = FIELD_REQUIRED),
    TEXT("name", "Name of the owner.", .flags = FIELD_REQUIRED),
    TEXT("uid", "Identity of the owner.", .flags = FIELD_REQUIRED),
    FLAG("controller", "Whether the owner is the one that controls the object."),
    FLAG("blockOwnerDeletion", "Whether the owner's deletion waits for this object.",
         .flags = FIELD_NO_OP),
    {0},
};
SHAPE(owner_reference, "OwnerReference",
      "An object that this one belongs to and is deleted with.", .merge_key = "uid");

static const struct field managed_fields_entry_rows[] = {
    TEXT("apiVersion", "Version of the fields."),
    TEXT("fieldsType", "Format of the fields: FieldsV1."),
    PART("fieldsV1", anything, "The set of fields that the manager owns."),
    TEXT("manager", "Who wrote the fields."),
    TEXT("operation", "How they were written: Apply or Update."),
    TEXT("subresource", "Subresource through which they were written."),
    TIME("time", "When they were last written."),
    {0},
};
LOCAL_SHAPE(managed_fields_entry, "ManagedFieldsEntry",
            "Which manager owns which fields of an object.");

static const struct field object_meta_rows[] = {
    TEXT("name", "Name, unique among the objects of a kind in a namespace; lower case."),
    TEXT("generateName", "Beginning of a name that is completed at creation."),
    TEXT("namespace", "Space in which the name is unique."),
    TEXT_BY_NAME("labels", "Words by which objects are selected."),
    TEXT_BY_NAME("annotations", "Texts for tools; nothing selects by them."),
    PARTS("ownerReferences", owner_reference, "The objects that this one is deleted with."),
    TEXTS("finalizers", "Who must agree before the object goes away.", .flags = FIELD_SET),
    TEXT("uid", "Identity, given at creation."),
    TEXT("resourceVersion", "Version of the whole object, given at each write."),
    WHOLE("generation", "How often the wanted state has changed."),
    TIME("creationTimestamp", "When the object was created."),
    TIME("deletionTimestamp", "When its deletion was asked for.", .flags = FIELD_STATUS),
    WHOLE("deletionGracePeriodSeconds", "Seconds that it may still take to end.",
          .flags = FIELD_STATUS),
    PARTS("managedFields", managed_fields_entry, "Which manager owns which fields.",
          .flags = FIELD_NO_OP),
    TEXT("selfLink", "Not used any more.", .flags = FIELD_DEPRECATED | FIELD_NO_OP),
    {0},
};
SHAPE(object_meta, "ObjectMeta", "What the objects of every kind have: name, labels, owners.");

static const struct field metadata_rows[] = {
    TEXT_BY_NAME("labels", "Labels to give."),
    TEXT_BY_NAME("annotations", "Annotations to give."),
    {0},
};
SHAPE(metadata, "Metadata", "Labels and annotations for something that is made later.");

static const struct field label_selector_requirement_rows[] = {
    TEXT("key", "Name of the label.", .flags = FIELD_REQUIRED),
    CHOICE("operator", "In|NotIn|Exists|DoesNotExist", "How label and values are compared.",
           .flags = FIELD_REQUIRED),
    TEXTS("values", "Values for In and NotIn."),
    {0},
};
SHAPE(label_selector_requirement, "LabelSelectorRequirement", "One condition on a label.");

static const struct field label_selector_rows[] = {
    TEXT_BY_NAME("matchLabels", "Labels that must have exactly these values."),
    PARTS("matchExpressions", label_selector_requirement, "Conditions that must all hold."),
    {0},
};
SHAPE(label_selector, "LabelSelector", "Which objects are meant, by their labels.");

static const struct field object_reference_rows[] = {
    TEXT("apiVersion", "Group and version of the object."),
    TEXT("kind", "Kind of the object."),
    TEXT("name", "Name of the object."),
    TEXT("namespace", "Namespace of the object."),
    TEXT("uid", "Identity of the object."),
    TEXT("resourceVersion", "Version of the object that is meant."),
    TEXT("fieldPath", "Part of the object that is meant."),
    {0},
};
SHAPE(object_reference, "ObjectReference", "Another object, by kind and name.");

static const struct field local_object_reference_rows[] = {
    TEXT("name", "Name of the object in the same namespace."),
    {0},
};
SHAPE(local_object_reference, "LocalObjectReference", "An object of the same namespace.",
      .merge_key = "name");

static const struct field config_map_key_selector_rows[] = {
    TEXT("name", "Name of the ConfigMap."),
    TEXT("key", "Key in the ConfigMap.", .flags = FIELD_REQUIRED),
    FLAG("optional", "Whether ConfigMap or key may be missing."),
    {0},
};
SHAPE(config_map_key_selector, "ConfigMapKeySelector", "One key of a ConfigMap.");

static const struct field secret_key_selector_rows[] = {
    TEXT("name", "Name of the Secret."),
    TEXT("key", "Key in the Secret.", .flags = FIELD_REQUIRED),
    FLAG("optional", "Whether Secret or key may be missing."),
    {0},
};
SHAPE(secret_key_selector, "SecretKeySelector", "One key of a Secret.");

static const struct field typed_local_object_reference_rows[] = {
    TEXT("apiGroup", "Group of the object; absent: core."),
    TEXT("kind", "Kind of the object.", .flags = FIELD_REQUIRED),
    TEXT("name", "Name of the object.", .flags = FIELD_REQUIRED),
    {0},
};
SHAPE(typed_local_object_reference, "TypedLocalObjectReference",
      "An object of any kind in the same namespace.");

static const struct field typed_object_reference_rows[] = {
    TEXT("apiGroup", "Group of the object; absent: core."),
    TEXT("kind", "Kind of the object.", .flags = FIELD_REQUIRED),
    TEXT("name", "Name of the object.", .flags = FIELD_REQUIRED),
    TEXT("namespace", "Namespace of the object."),
    {0},
};
SHAPE(typed_object_reference, "TypedObjectReference", "An object of any kind.");

static const struct field condition_rows[] = {
    TEXT("type", "What the condition is about."),
    TEXT("status", "True, False or Unknown."),
    TEXT("reason", "One word for machines."),
    TEXT("message", "A sentence for people."),
    TIME("lastTransitionTime", "When the status last changed."),
    TIME("lastProbeTime", "When the status was last looked at."),
    WHOLE("observedGeneration", "Generation of the object that was looked at."),
    {0},
};
SHAPE(condition, "Condition", "One observation about an object.", .merge_key = "type");
